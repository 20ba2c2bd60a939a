import { Problem } from "../protocol/problem.ts";
import { notBegun, startHeaders } from "../protocol/start-at-once.ts";
import { checkHealth, isSilent, type DaemonCandidate } from "./discover.ts";
import type { Reply } from "./reply.ts";

/** Sends the run, with additional headers. */
export type PostRun = (headers: Readonly<Record<string, string>>, signal?: AbortSignal) => Promise<Reply>;

/** If the daemon has not answered after this time, its health is checked while the run waits for its response. */
const askAfterMs = 1000;
/** The daemon never starts the run later than this, which is before it can be reported as hung. */
const beginMs = 3000;

/**
 * Sends a run to the daemon that daemon.json names without a health check, which a command line has no time for.
 * Returns undefined if no daemon answered, or another one, or too late, and the run was not started: then find the
 * daemon, and send it again with the same key. Rejects as `discover` does if the daemon hangs; it will not start the
 * run later, either.
 */
export async function startAtOnce(candidate: DaemonCandidate, post: PostRun): Promise<Reply | undefined> {
  const hangs = new AbortController();
  const asking = setTimeout(() => {
    checkHealth(candidate, hangs.signal).catch((failure: unknown) => {
      if (isSilent(failure)) hangs.abort(failure);
    });
  }, askAfterMs);
  try {
    return await post(headersFor(candidate), hangs.signal);
  } catch (failure) {
    hangs.signal.throwIfAborted();
    if (isNotBegun(failure)) return undefined;
    throw failure;
  } finally {
    clearTimeout(asking);
  }
}

function headersFor({ discovery }: DaemonCandidate): Record<string, string> {
  const now = Number(process.hrtime.bigint() / 1_000_000n);
  return { [startHeaders.daemon]: String(discovery.pid), [startHeaders.beginBy]: String(now + beginMs) };
}

function isNotBegun(failure: unknown): boolean {
  if (!(failure instanceof Problem)) return false;
  const { code, members } = failure;
  if (code === "conflict") return members.reason === notBegun;
  return code === "daemon_unreachable" && (members.reason === "not_running" || members.reason === "cut");
}
