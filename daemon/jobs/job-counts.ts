import type { JobCounts, JobOutcome } from "../../protocol/job.ts";
import { Problem } from "../../protocol/problem.ts";
import type { JobRun } from "./job-store.ts";
import type { JobPart } from "./targets.ts";

export const noCounts: Readonly<JobCounts> = {
  queued: 0,
  connecting: 0,
  running: 0,
  exited0: 0,
  exitedOther: 0,
  failed: 0,
  timedOut: 0,
  cancelled: 0,
  unknown: 0,
  skipped: 0,
};

export type CountedRun = Omit<JobRun, "id" | "host">;

/** The count of a job that a run belongs to. */
export function countedAs({ state, outcome, exitCode }: CountedRun): keyof JobCounts {
  if (state !== "ended") return state;
  switch (outcome) {
    case "exited":
      return exitCode === 0 ? "exited0" : "exitedOther";
    case "signaled":
      return "exitedOther";
    case "failed":
    case "timedOut":
    case "cancelled":
      return outcome;
    case "unknown":
    case null:
      return "unknown";
  }
}

/** `begun`: how many hosts have begun. In an ended job, the others are skipped. */
export function countsOf(
  hosts: number,
  runs: Iterable<CountedRun>,
  { begun, over }: { readonly begun: number; readonly over: boolean },
): JobCounts {
  const counts: JobCounts = { ...noCounts };
  for (const run of runs) counts[countedAs(run)] += 1;
  counts[over ? "skipped" : "queued"] += hosts - begun;
  return counts;
}

export function outcomeOf(counts: JobCounts, hosts: number, cancelled: boolean): JobOutcome {
  if (cancelled) return "cancelled";
  return counts.exited0 === hosts ? "succeeded" : "failed";
}

/**
 * The part of a job to which a run belongs when the job is run again: a run that ended other than with exit status 0
 * has failed.
 */
export function partOf(run: CountedRun): JobPart {
  const count = countedAs(run);
  if (count === "exited0") return "succeeded";
  return count === "exitedOther" || count === "failed" || count === "timedOut" ? "failed" : "unfinished";
}

/** For a rerun of the `only` hosts of a job, of which there are none. */
export function nothingToRun(only: JobPart | "all", unfinished: readonly string[] = []): Problem {
  const isUnfinished = only === "failed" && unfinished.length > 0;
  const instead = isUnfinished ? " It did not finish on some, which `unfinished` runs it on." : "";
  return new Problem("conflict", `No host of the job is ${only}. Nothing was run.${instead}`);
}
