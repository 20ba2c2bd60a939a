import { parseInstant } from "../../protocol/instant.ts";
import { Outcome, RunState } from "../../protocol/run.ts";
import { parseRunSearch, type RunFilters } from "../../protocol/run-search.ts";
import type { Daemon } from "../../client/daemon.ts";
import { isKnownHost } from "../../client/known-host.ts";
import { visible } from "../../protocol/visible.ts";
import { damagedStoreHint } from "../damaged-store.ts";
import { nearest } from "../nearest.ts";
import { UsageError } from "../command.ts";

/** The options of every command that takes runs by a search. */
export const filterOptions = {
  host: { type: "string" },
  search: { type: "string" },
  state: { type: "string" },
  outcome: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  pinned: { type: "boolean" },
} as const;

export const filterNames = { q: "--search" } as const;

/** The help text for a search. */
export const searchHelp = `SEARCH is a text in command, host, output or note, and filters between:
  host:web1  exit:3  exit:!0  exit:>1  is:failed (or succeeded, running)  outcome:timedOut
  state:ended  since:yesterday  until:2026-01-31  since:"3 days ago"  job:ID  pinned:yes
  !host:web1  !is:failed  !outcome:cancelled  !state:ended  !job:ID leave out what they name
Put values with spaces, and text that looks like a filter, in double quotes.
`;

export interface FilterValues {
  readonly host?: string | undefined;
  readonly search?: string | undefined;
  readonly state?: string | undefined;
  readonly outcome?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly pinned?: boolean | undefined;
}

/** Combines the words of a search with the equivalent options. */
export function readFilters(words: readonly string[], values: FilterValues): RunFilters {
  const read = parseRunSearch(words.join(" "));
  if (read.problem !== undefined) throw new UsageError(read.problem);
  const state = choice(RunState.options, values.state, "--state");
  const outcome = choice(Outcome.options, values.outcome, "--outcome");
  const options: RunFilters = {
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.search === undefined ? {} : { q: values.search }),
    ...(state === undefined ? {} : { state }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(values.since === undefined ? {} : { since: instant(values.since, "--since") }),
    ...(values.until === undefined ? {} : { until: instant(values.until, "--until") }),
    ...(values.pinned === true ? { pinned: "true" } : {}),
  };
  const repeated = Object.keys(options).find((name) => name in read.filters);
  if (repeated === undefined) return { ...read.filters, ...options };
  throw new UsageError(
    `--${repeated === "q" ? "search" : repeated} is also part of the search. Give it once.`,
  );
}

/** Why a search found nothing, as a sentence. */
export async function whyNone(daemon: Daemon, filters: RunFilters): Promise<string> {
  if (Object.keys(filters).length === 0) return `No runs yet.${await damagedStoreHint(daemon)}`;
  const { host } = filters;
  if (host === undefined || (await isKnownHost(daemon, host))) return "No runs match.";
  const { items } = await daemon.call("listHosts");
  const near = nearest(
    host,
    items.map(({ name }) => name),
  );
  const hint = near === undefined ? "" : ` Did you mean ${visible(near)}?`;
  return `No runs match: there is no host ${visible(host)}, and no run of one is kept.${hint}`;
}

function instant(text: string, option: string): string {
  const at = parseInstant(text);
  if (at !== undefined) return at;
  throw new UsageError(
    `${option} is "${text}", but must be a time such as yesterday, 2h, 2026-01-31 or 2026-01-31T12:00:00Z.`,
  );
}

function choice<T extends string>(
  options: readonly T[],
  text: string | undefined,
  name: string,
): T | undefined {
  const chosen = options.find((option) => option === text);
  if (text === undefined || chosen !== undefined) return chosen;
  throw new UsageError(`${name} is "${text}", but must be one of: ${options.join(", ")}.`);
}
