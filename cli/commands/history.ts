import type { Daemon } from "../../client/daemon.ts";
import type { QueryInput } from "../../protocol/endpoint.ts";
import type { Api } from "../../protocol/api.ts";
import type { Run } from "../../protocol/run.ts";
import { Outcome, RunState } from "../../protocol/run.ts";
import type { Command } from "../command.ts";
import { parseOptions, parseWhole, takeWords, UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showAll } from "../format.ts";
import { formatSpan } from "../../protocol/span.ts";
import { instantOf, outcomeOf, outcomeStyle } from "../runs/describe.ts";
import { shortIds } from "../runs/find.ts";
import { parseInstant } from "../runs/instant.ts";
import { table } from "../table.ts";

const defaultLimit = 20;
const pageSize = 500;

export const command: Command = {
  help: `List the runs, newest first.

Usage: hostrun history [OPTION...]

  --host NAME        of this host
  --search TEXT      with this in command, host or output
  --state STATE      ${RunState.options.join(", ")}
  --outcome OUTCOME  ${Outcome.options.join(", ")}
  --since TIME, --until TIME
                     created in this span: yesterday, 2h, "3 days ago", 2026-01-31,
                     2026-01-31T12:00:00Z, ...
  -n, --limit N      at most this many (${defaultLimit})
${formatHelp}`,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      host: { type: "string" },
      search: { type: "string" },
      state: { type: "string" },
      outcome: { type: "string" },
      since: { type: "string" },
      until: { type: "string" },
      limit: { type: "string", short: "n" },
      ...formatOptions,
    });
    takeWords(positionals);
    const format = parseFormat(values);
    const limit = values.limit === undefined ? defaultLimit : parseWhole(values.limit, "--limit");
    const state = parseChoice(RunState, values.state, "--state");
    const outcome = parseChoice(Outcome, values.outcome, "--outcome");
    const query: QueryInput<Api["listRuns"]> = {
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values.search === undefined ? {} : { q: values.search }),
      ...(state === undefined ? {} : { state }),
      ...(outcome === undefined ? {} : { outcome }),
      ...(values.since === undefined ? {} : { since: parseInstant(values.since, "--since") }),
      ...(values.until === undefined ? {} : { until: parseInstant(values.until, "--until") }),
    };
    await using daemon = await reachDaemon();
    const runs = await take(daemon, query, limit);
    if (runs.length === 0) warn(Object.keys(query).length === 0 ? "No runs yet." : "No runs match.");
    showAll(format, runs, () => (runs.length === 0 ? "" : tableOf(runs)));
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
      {
        text:
          outcomeOf(run) + (run.cached ? " (cached)" : "") + (run.damaged === undefined ? "" : " (damaged)"),
        style: outcomeStyle(run),
      },
      formatSpan(run.timings.totalMs),
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
