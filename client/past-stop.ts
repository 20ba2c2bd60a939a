import type { ProblemCode } from "../protocol/problem-codes.ts";
import { Problem } from "../protocol/problem.ts";
import { BackOff } from "./back-off.ts";

/** A daemon that stops waits 3 s for its runs, by default, and up to 5 for what they leave behind. */
const maxStopMs = 15_000;

/**
 * Sends what starts something, under one key. A daemon that is about to stop refuses that: then it is sent to the next one, to which
 * `moveOn` goes over as soon as it is there.
 */
export async function sendPastStop<T>(
  send: () => Promise<T>,
  moveOn: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const stop = new BackOff(maxStopMs);
  for (let stops = false; ; ) {
    try {
      if (stops) await moveOn();
      return await send();
    } catch (failure) {
      stops ||= isProblem(failure, "daemon_stopped");
      // Between its answer and its end it is gone, or cuts the connection.
      const isStop =
        stops && (isProblem(failure, "daemon_stopped") || isProblem(failure, "daemon_unreachable"));
      if (!isStop || !(await stop.next(signal))) throw failure;
    }
  }
}

function isProblem(failure: unknown, code: ProblemCode): boolean {
  return failure instanceof Problem && failure.code === code;
}
