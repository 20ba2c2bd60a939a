import type { Run } from "../../protocol/run.ts";

/** A run that takes at least this many milliseconds is a long one. */
const longRunMs = 10_000;

/** The setting hostrun.notifyFinished. */
export type NoticeSetting = "never" | "failed" | "long" | "always";

type Ended = Pick<Run, "outcome" | "exitCode" | "timings">;

/** Whether the end of an invisible run is worth a notification. A user who cancelled a run knows of it. */
export function isWorthNotice(run: Ended, setting: NoticeSetting): boolean {
  if (setting === "never" || run.outcome === "cancelled") return false;
  if (setting === "always" || !isGood(run)) return true;
  return setting === "long" && (run.timings.totalMs ?? 0) >= longRunMs;
}

export function isGood(run: Pick<Run, "outcome" | "exitCode">): boolean {
  return run.outcome === "exited" && run.exitCode === 0;
}
