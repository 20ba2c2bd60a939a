import { isNotRunning } from "../../client/discover.ts";
import type { Job } from "../../protocol/job.ts";
import { Problem } from "../../protocol/problem.ts";
import { warn } from "../console.ts";

/** Explains what becomes of a run whose events can no longer be followed, because of `failure`. */
export function warnOfLostRun(failure: unknown, run: string, isDurable: boolean): void {
  if (isDurable || !isNotRunning(failure)) {
    warn(`Unknown: how the run continues. See \`hostrun attach ${run}\` later.`);
    return;
  }
  warn(
    "Unknown: daemon lost, and with it the connection to the host. The command may still be running there. " +
      `See \`hostrun show ${run}\` for its output until then.`,
  );
}

/** The same for a job; a new daemon continues durable runs, and starts none. */
export function warnOfLostJob(failure: unknown, { id, options }: Job): void {
  if (!isDaemonUnreachable(failure)) return;
  if (options.durable === true || !isNotRunning(failure)) {
    warn(`Unknown: how the job continues. See \`hostrun jobs show ${id}\` later.`);
    return;
  }
  warn(
    "Unknown: daemon lost, and with it the connections to the hosts. Commands may still be running there; no more are " +
      `started. See \`hostrun jobs show ${id}\`.`,
  );
}

export function isDaemonUnreachable(failure: unknown): boolean {
  return failure instanceof Problem && failure.code === "daemon_unreachable";
}
