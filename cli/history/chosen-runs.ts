import type { Daemon } from "../../client/daemon.ts";
import { listedRuns } from "../../client/listed-runs.ts";
import type { Run } from "../../protocol/run.ts";
import type { RunFilters } from "../../protocol/run-search.ts";
import { UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { findRun } from "../runs/find.ts";
import { readFilters, whyNone } from "./filters.ts";

/** The options of a command that takes runs by name, or by a search. */
export const chosenOptions = { matching: { type: "string" } } as const;

/**
 * The named runs, or all those that a search finds; `--matching ""` means all runs. Exactly one of the two is
 * required.
 */
export function readChoice(
  words: readonly string[],
  search: string | undefined,
): (daemon: Daemon) => AsyncGenerator<Run> {
  if (search === undefined) {
    if (words.length === 0)
      throw new UsageError("RUN is missing. Name runs, or find them by --matching SEARCH.");
    return (daemon) => named(daemon, words);
  }
  if (words.length > 0) throw new UsageError("RUN and --matching cannot be used together.");
  const filters = readFilters([search], {});
  return (daemon) => matching(daemon, filters);
}

/** Warns when there are none, and why. */
async function* matching(daemon: Daemon, filters: RunFilters): AsyncGenerator<Run> {
  let isNone = true;
  for await (const run of listedRuns(daemon, filters)) {
    isNone = false;
    yield run;
  }
  if (isNone) warn(await whyNone(daemon, filters));
}

/** Yields nothing until every run is found. */
async function* named(daemon: Daemon, words: readonly string[]): AsyncGenerator<Run> {
  const runs = new Map<string, Run>();
  for (const word of words) {
    const run = await findRun(daemon, word);
    runs.set(run.id, run);
  }
  yield* runs.values();
}
