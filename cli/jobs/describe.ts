import type { Job, JobCounts } from "../../protocol/job.ts";
import type { Cell } from "../table.ts";

const names: Readonly<Record<keyof JobCounts, string>> = {
  exited0: "exit 0",
  exitedOther: "exit other",
  failed: "failed",
  timedOut: "timed out",
  cancelled: "cancelled",
  unknown: "unknown",
  running: "running",
  connecting: "connecting",
  queued: "waiting",
  skipped: "not started",
};

/** `47 exit 0, 2 failed, 1 running`; zero counts are left out. */
export function countsText({ counts }: Job): string {
  return Object.entries(names)
    .map(([name, words]) => [Object.entries(counts).find(([key]) => key === name)?.[1] ?? 0, words] as const)
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${count} ${words}`)
    .join(", ");
}

export function outcomeCell({ state, outcome }: Job): Cell {
  if (outcome === null) return state;
  const style = { succeeded: "green", failed: "red", cancelled: "yellow" } as const;
  return { text: outcome, style: style[outcome] };
}

/** Why hosts have not started, and what to do; "" if all have. */
export function skippedText({ id, counts, skipReason }: Job): string {
  if (counts.skipped === 0) return "";
  const why = {
    cancelled: ": the job was cancelled",
    failures: ": too many hosts failed before",
    storageFull: `: the disk of the history is full or fails. See \`hostrun doctor\`; then \`hostrun jobs rerun ${id} --only unfinished\` runs the rest`,
    daemonStopped: `: the daemon was stopped before their turn. \`hostrun jobs rerun ${id} --only unfinished\` runs the rest`,
  };
  return `${counts.skipped} not started${skipReason === null ? "" : why[skipReason]}`;
}
