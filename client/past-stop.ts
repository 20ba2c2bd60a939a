import type { ProblemCode } from "../protocol/problem-codes.ts";
import { Problem } from "../protocol/problem.ts";
import { BackOff } from "./back-off.ts";

/** A daemon that is stopping waits 3 s for its runs, by default, and up to 5 s to clean up after them. */
const maxStopMs = 15_000;

/**
 * Sends a request that starts something, always with the same key. A daemon that is about to stop refuses it: then it
 * is sent to the next daemon, to which `moveOn` switches as soon as it is running.
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
      // Between this response and its exit, the daemon may be gone, or close the connection.
      const isStop =
        stops && (isProblem(failure, "daemon_stopped") || isProblem(failure, "daemon_unreachable"));
      if (!isStop || !(await stop.next(signal))) throw failure;
    }
  }
}

function isProblem(failure: unknown, code: ProblemCode): boolean {
  return failure instanceof Problem && failure.code === code;
}
