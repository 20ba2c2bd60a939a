import type { Clock } from "../core/clock.ts";
import type {
  ConnectListener,
  ExecRequest,
  Remote,
  RemoteListener,
  RemoteProcess,
  Target,
} from "../transport/remote.ts";

/** A command for a session of its own. */
export interface SessionRequest {
  readonly target: Target;
  readonly request: ExecRequest;
  readonly listener: RemoteListener & ConnectListener;
  readonly signal: AbortSignal;
}

/**
 * Runs a command in a session of its own. If OpenSSH has a Bourne shell run it, `begun` is called with the time from the
 * session's start to the first output of our prefix on standard error. Rejects like `Remote.exec`.
 */
export async function timedSession(
  { target, request, listener, signal }: SessionRequest,
  { remote, clock }: { readonly remote: Remote; readonly clock: Clock },
  begun: (process: RemoteProcess, spanMs: number) => void,
): Promise<RemoteProcess> {
  let isBourne = false;
  let firstWord: (() => void) | undefined;
  const observed: RemoteListener & ConnectListener = {
    ...listener,
    stderr: (chunk) => {
      firstWord?.();
      firstWord = undefined;
      listener.stderr(chunk);
    },
  };
  const command: ExecRequest["command"] = (shell) => {
    isBourne = shell === "bourne";
    return request.command(shell);
  };
  const process = await remote.exec(target, { ...request, command }, observed, signal);
  const takenAt = clock.elapsed();
  if (isBourne && process.connection.server?.startsWith("OpenSSH") === true) {
    firstWord = () => begun(process, clock.elapsed() - takenAt);
  }
  return process;
}
