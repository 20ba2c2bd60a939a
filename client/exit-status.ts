import { constants } from "node:os";
import type { CompleteEvent } from "../protocol/event.ts";

/** Of what has no exit status of its own, as with ssh. */
export const notRunStatus = 255;
/** As timeout(1). */
const timedOut = 124;
const interrupted = 130;

/** The exit status of a process that stands for a run: the command's own, where it has one. */
export function exitStatusOf({
  outcome,
  exitCode,
  signal,
}: Pick<CompleteEvent, "outcome" | "exitCode" | "signal">): number {
  switch (outcome) {
    case "exited":
      return exitCode ?? notRunStatus;
    case "signaled":
      return signalStatus(signal);
    case "timedOut":
      return timedOut;
    case "cancelled":
      return interrupted;
    case "failed":
    case "unknown":
      return notRunStatus;
  }
}

/** As a shell does: 128 and the number of the signal. */
function signalStatus(name: string | null): number {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  const number = numbers[`SIG${name ?? ""}`];
  return number === undefined ? notRunStatus : 128 + number;
}
