import { dayGroup, resultGroup, resultGroups } from "../../protocol/run-groups.ts";
import type { Run } from "../../protocol/run.ts";
import { UsageError } from "../command.ts";

export const groupings = ["day", "host", "job", "outcome"] as const;
export type Grouping = (typeof groupings)[number];

export interface RunGroup {
  /** The heading: what its runs have in common. */
  readonly name: string;
  readonly runs: readonly Run[];
}

export function parseGrouping(text: string | undefined): Grouping | undefined {
  const grouping = groupings.find((each) => each === text);
  if (text === undefined || grouping !== undefined) return grouping;
  throw new UsageError(`--group-by is "${text}", but must be one of: ${groupings.join(", ")}.`);
}

/** Groups runs that are sorted newest first: outcomes in order of urgency, other groups by their newest run. */
export function groupRuns(runs: readonly Run[], by: Grouping, now = new Date()): RunGroup[] {
  const groups = Map.groupBy(runs, (run) => nameOf(run, by, now));
  const names = by === "outcome" ? resultGroups.filter((name) => groups.has(name)) : [...groups.keys()];
  return names.map((name) => ({ name, runs: groups.get(name) ?? [] }));
}

const days: Readonly<Record<string, string>> = { thisWeek: "this week", lastWeek: "last week" };

function nameOf(run: Run, by: Grouping, now: Date): string {
  switch (by) {
    case "day": {
      const day = dayGroup(run.createdAt, now);
      return days[day] ?? day;
    }
    case "host":
      return run.host.name;
    case "job":
      return run.jobId === null ? "no job" : `job ${run.jobId}`;
    case "outcome":
      return resultGroup(run);
  }
}
