import { randomBytes } from "node:crypto";
import { inTime } from "../core/in-time.ts";
import type { Log } from "../core/log.ts";
import type { ExecRequest, Remote, RemoteProcess } from "../transport/remote.ts";
import { queryShell } from "./shell-question.ts";
import { startText } from "./start-text.ts";
import { Worker } from "./worker.ts";
import type { WorkerLogin } from "./worker-login.ts";

export interface WorkerStartParts {
  readonly remote: Pick<Remote, "exec">;
  readonly log: Log;
  readonly stopped: AbortSignal;
  /** Ends a process that does not exit by itself, with its whole session. */
  readonly endProcess: (session: RemoteProcess, pid: number) => Promise<void>;
  /** Called once, when the worker accepts no further runs, or could not be started. */
  readonly onRetired: () => void;
}

const startTimeoutMs = 10_000;
const maxLate = 3;

/**
 * Starts a worker in a session of its own; `process` is a command of the same login, alongside which its shell is
 * queried. undefined: the login gets no worker. Rejects if that is still unknown.
 */
export async function startWorker(
  login: WorkerLogin,
  process: RemoteProcess | undefined,
  parts: WorkerStartParts,
): Promise<Worker | undefined> {
  const { log, onRetired } = parts;
  const token = `hostrun-${randomBytes(9).toString("hex")}`;
  const worker = new Worker({ token, log, host: login.target.name, onRetired });
  try {
    login.shell ??= await queryShell(process, token);
    const { shell } = login;
    if (shell === undefined) {
      worker.retire();
      return undefined;
    }
    const session = await openSession(login, worker, { text: startText(token, shell), ...parts });
    worker.runsIn(session);
    const ready = await inTime(AbortSignal.timeout(startTimeoutMs), worker.ready);
    if (ready === true) return worker;
    // A start that hangs after the start files has already reported its process id.
    if (worker.pid !== undefined) await parts.endProcess(session, worker.pid);
    // For a server that has no session for that.
    session.signal("KILL");
    worker.close();
    if (ready === undefined && worker.pid !== undefined) {
      login.late += 1;
      // A busy machine may respond in time later. A start that is late repeatedly is spinning.
      if (login.late < maxLate) throw new Error("The worker did not start in time.");
    }
    return undefined;
  } catch (failure) {
    worker.close();
    throw failure;
  }
}

function openSession(
  { target, options }: WorkerLogin,
  worker: Worker,
  { remote, stopped, text }: Pick<WorkerStartParts, "remote" | "stopped"> & { readonly text: string },
): Promise<RemoteProcess> {
  const listener = { ...worker.listener, step: () => undefined, banner: () => undefined };
  const request: ExecRequest = { ...options, pty: null, command: () => text };
  return remote.exec(target, request, listener, stopped);
}
