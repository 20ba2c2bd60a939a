import { Problem } from "../protocol/problem.ts";
import { notBegun, startHeaders } from "../protocol/start-at-once.ts";
import { askHealth, isSilent, type Told } from "./discover.ts";
import type { Reply } from "./reply.ts";

/** Sends the run, with further headers. */
export type PostRun = (headers: Readonly<Record<string, string>>, signal?: AbortSignal) => Promise<Reply>;

/** A daemon that has not answered by then is asked whether it lives, while the run waits for its answer. */
const askAfterMs = 1000;
/** What it has not begun by then, it never does: that is before anybody is told that it hangs. */
const beginMs = 3000;

/**
 * Sends a run to a daemon that daemon.json tells of and that nobody has asked whether it lives, which a command line has
 * no time for. undefined where no daemon has answered, or another one, or too late, and did not begin it: then see who is
 * there, and send it again under the same key. Rejects as `discover` does where it hangs: then it does not begin it
 * later, either.
 */
export async function startAtOnce(told: Told, post: PostRun): Promise<Reply | undefined> {
  const hangs = new AbortController();
  const asking = setTimeout(() => {
    askHealth(told, hangs.signal).catch((failure: unknown) => {
      if (isSilent(failure)) hangs.abort(failure);
    });
  }, askAfterMs);
  try {
    return await post(headersFor(told), hangs.signal);
  } catch (failure) {
    hangs.signal.throwIfAborted();
    if (isNotBegun(failure)) return undefined;
    throw failure;
  } finally {
    clearTimeout(asking);
  }
}

function headersFor({ discovery }: Told): Record<string, string> {
  const now = Number(process.hrtime.bigint() / 1_000_000n);
  return { [startHeaders.daemon]: String(discovery.pid), [startHeaders.beginBy]: String(now + beginMs) };
}

function isNotBegun(failure: unknown): boolean {
  if (!(failure instanceof Problem)) return false;
  const { code, members } = failure;
  if (code === "conflict") return members.reason === notBegun;
  return code === "daemon_unreachable" && (members.reason === "not_running" || members.reason === "cut");
}
