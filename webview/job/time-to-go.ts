import type { JobRow } from "../../protocol/job-panel.ts";
import { roundedTime, timeToGo } from "../../protocol/time-to-go.ts";
import { label } from "../labels.ts";

const units = { s: "secondsToGo", min: "minutesToGo", h: "hoursToGo" } as const;

/** `about 40 s to go`; "" if it cannot be estimated. `concurrency`: hosts at once, null if that varies. */
export function toGoLabel(rows: Iterable<JobRow>, concurrency: number | null): string {
  if (concurrency === null) return "";
  const took: number[] = [];
  const running: number[] = [];
  let waiting = 0;
  for (const { runId, state, outcome, elapsedMs } of rows) {
    if (outcome === "exited" && elapsedMs !== null) took.push(elapsedMs);
    else if (state !== "ended" && runId !== null) running.push(elapsedMs ?? 0);
    else if (state !== "ended") waiting += 1;
  }
  const ms = timeToGo({ took, running, waiting, concurrency });
  const left = ms === undefined ? undefined : roundedTime(ms);
  return left === undefined ? "" : label(units[left.unit], left.value);
}
