import type { Run } from "./run.ts";

/** The groupings of the Runs view; "none" is a plain list. */
export const runGroupings = ["none", "day", "host", "job", "outcome"] as const;
export type RunGrouping = (typeof runGroupings)[number];

/** In the order in which they are shown. */
export const resultGroups = ["running", "failed", "succeeded", "cancelled", "unknown"] as const;
export type ResultGroup = (typeof resultGroups)[number];

/**
 * `today`, `yesterday`, `thisWeek` and `lastWeek` (weeks begin on Monday), else the month, `2026-01`; all in local
 * time.
 */
export function dayGroup(createdAt: string, now = new Date()): string {
  const at = new Date(createdAt);
  const midnight = (daysAgo: number): number =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo).getTime();
  const sinceMonday = (now.getDay() + 6) % 7;
  if (at.getTime() >= midnight(0)) return "today";
  if (at.getTime() >= midnight(1)) return "yesterday";
  if (at.getTime() >= midnight(sinceMonday)) return "thisWeek";
  if (at.getTime() >= midnight(sinceMonday + 7)) return "lastWeek";
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}`;
}

/** The group of a run by its state and outcome. */
export function resultGroup({
  state,
  outcome,
  exitCode,
}: Pick<Run, "state" | "outcome" | "exitCode">): ResultGroup {
  if (state !== "ended") return "running";
  if (outcome === "exited") return exitCode === 0 ? "succeeded" : "failed";
  if (outcome === "cancelled" || outcome === "unknown") return outcome;
  return "failed";
}
