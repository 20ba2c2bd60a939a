import type { Daemon } from "../../client/daemon.ts";
import type { QueryInput } from "../../protocol/endpoint.ts";
import type { Api } from "../../protocol/api.ts";
import type { Run } from "../../protocol/run.ts";
import { Outcome, RunState } from "../../protocol/run.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseWhole, takeWords, UsageError } from "../command.ts";
import { print, printJson, warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { instantOf, outcomeOf, spanOf } from "../runs/describe.ts";
import { shortIds } from "../runs/find.ts";
import { table } from "../table.ts";

const defaultLimit = 20;
const pageSize = 500;

export const command: Command = {
  help: `List the runs, newest first.

Usage: hostrun history [OPTION...]

  --host NAME        of this host
  --q TEXT           with this in command, host or output
  --state STATE      ${RunState.options.join(", ")}
  --outcome OUTCOME  ${Outcome.options.join(", ")}
  --since TIME, --until TIME
                     created in this span, e.g. 2026-01-31 or 2026-01-31T12:00:00Z
  --limit N          at most this many (${defaultLimit})
  --json             as JSON
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      host: { type: "string" },
      q: { type: "string" },
      state: { type: "string" },
      outcome: { type: "string" },
      since: { type: "string" },
      until: { type: "string" },
      limit: { type: "string" },
      json: { type: "boolean" },
    });
    takeWords(positionals);
    const limit = values.limit === undefined ? defaultLimit : parseWhole(values.limit, "--limit");
    const state = parseChoice(RunState, values.state, "--state");
    const outcome = parseChoice(Outcome, values.outcome, "--outcome");
    const query: QueryInput<Api["listRuns"]> = {
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values.q === undefined ? {} : { q: values.q }),
      ...(state === undefined ? {} : { state }),
      ...(outcome === undefined ? {} : { outcome }),
      ...(values.since === undefined ? {} : { since: parseInstant(values.since, "--since") }),
      ...(values.until === undefined ? {} : { until: parseInstant(values.until, "--until") }),
    };
    await using daemon = await reachDaemon();
    const runs = await take(daemon, query, limit);
    if (values.json === true) printJson(runs);
    else if (runs.length === 0) warn("There are no such runs.");
    else print(tableOf(runs));
    return 0;
  },
};

async function take(daemon: Daemon, query: QueryInput<Api["listRuns"]>, limit: number): Promise<Run[]> {
  const runs: Run[] = [];
  let cursor: string | undefined;
  while (runs.length < limit) {
    const page: { items: Run[]; nextCursor: string | null } = await daemon.call("listRuns", {
      query: {
        ...query,
        limit: String(Math.min(pageSize, limit - runs.length)),
        ...(cursor === undefined ? {} : { cursor }),
      },
    });
    runs.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return runs;
}

function tableOf(runs: readonly Run[]): string {
  const short = shortIds(runs.map(({ id }) => id));
  return table(
    ["ID", "CREATED", "HOST", "OUTCOME", "TIME", "COMMAND"],
    runs.map((run) => [
      short(run.id),
      instantOf(run.createdAt),
      run.host.name,
      outcomeOf(run) + (run.cached ? " (cached)" : ""),
      spanOf(run.timings.totalMs),
      run.command,
    ]),
  );
}

interface Choice<T> {
  readonly options: readonly string[];
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

function parseChoice<T>(choice: Choice<T>, text: string | undefined, option: string): T | undefined {
  if (text === undefined) return undefined;
  const parsed = choice.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${option} is "${text}", but must be one of: ${choice.options.join(", ")}.`);
}

function parseInstant(text: string, option: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) {
    throw new UsageError(`${option} is "${text}", but must be a time such as 2026-01-31T12:00:00Z.`);
  }
  return at.toISOString();
}
