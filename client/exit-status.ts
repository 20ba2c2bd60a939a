import { constants } from "node:os";
import type { CompleteEvent } from "../protocol/event.ts";

/** For a run that has no exit status of its own, as in ssh. */
export const notRunStatus = 255;
/** As in timeout(1). */
const timedOut = 124;
const interrupted = 130;

/** The exit status of a process that represents a run: the command's own, if it has one. */
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

/**
 * As in a shell: 128 plus the number of the signal. OpenSSH's server has no name for realtime signals: it sends
 * `SIG@openssh.com`.
 */
function signalStatus(name: string | null): number {
  const number = name === null ? undefined : (plainNumber(name) ?? realtimeNumber(name));
  return number === undefined ? notRunStatus : 128 + number;
}

function plainNumber(name: string): number | undefined {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return Object.hasOwn(numbers, `SIG${name}`) ? numbers[`SIG${name}`] : undefined;
}

/** Parses `RTMIN+1` or `RTMAX-2`, as bash prints them, with Linux's numbers. */
function realtimeNumber(name: string): number | undefined {
  const [, base, distance = "0"] = /^(RTMIN|RTMAX)([+-]\d{1,2})?$/.exec(name) ?? [];
  if (base === undefined) return undefined;
  return (base === "RTMIN" ? 34 : 64) + Number(distance);
}
