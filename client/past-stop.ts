import type { ProblemCode } from "../protocol/problem-codes.ts";
import { Problem } from "../protocol/problem.ts";
import { BackOff } from "./back-off.ts";
import { isNotRunning } from "./discover.ts";

/** A daemon that is stopping waits 3 s for its runs, by default, and up to 5 s to clean up after them. */
const maxStopMs = 15_000;

/**
 * Sends a request that starts something, always with the same key, or that only asks. A daemon that is about to stop
 * refuses it, and one that has ended since it was found is gone: then it is sent to the next daemon, to which `moveOn`
 * switches as soon as it is running.
 */
export async function sendPastStop<T>(
  send: () => Promise<T>,
  moveOn: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const stop = new BackOff(maxStopMs);
  for (let end: End | undefined; ; ) {
    try {
      if (end !== undefined) await moveOn();
      return await send();
    } catch (failure) {
      end = endShownBy(failure, end);
      if (end === undefined || (end === "stops" && !(await stop.next(signal)))) throw failure;
    }
  }
}

type End = "gone" | "stops";

/** Undefined for a failure that does not show that the daemon ends, and for the second one that is gone. */
function endShownBy(failure: unknown, before: End | undefined): End | undefined {
  if (isProblem(failure, "daemon_stopped")) return "stops";
  // Between this response and its exit, the daemon may be gone, or close the connection.
  if (before === "stops" && isProblem(failure, "daemon_unreachable")) return "stops";
  return before === undefined && isNotRunning(failure) ? "gone" : undefined;
}

function isProblem(failure: unknown, code: ProblemCode): boolean {
  return failure instanceof Problem && failure.code === code;
}
