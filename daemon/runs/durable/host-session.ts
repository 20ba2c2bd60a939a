import type { OutputStream } from "../../../protocol/event.ts";
import type { LoginShell } from "../../transport/login-shell.ts";
import type { Questioner } from "../../transport/questioner.ts";
import type {
  ConnectListener,
  Remote,
  RemoteEnd,
  RemoteListener,
  RemoteProcess,
} from "../../transport/remote.ts";
import type { HostCommand } from "./host-script.ts";
import { type RemoteStatus, StatusLineFilter, parseRemoteStatus } from "./remote-status.ts";
import type { DurablePlan } from "./plan.ts";

/** Called in order; before `openHostSession` has resolved, only the connection's callbacks are called. */
export interface HostListener extends ConnectListener {
  /** The host's input was sent; from now on the host may have the command. */
  sent(): void;
  status(status: RemoteStatus): void;
  output(stream: OutputStream, chunk: Buffer): void;
}

/** silent: the host did not report a status in time, and the session was left. */
export type SessionEnd = RemoteEnd | { readonly kind: "silent" };

export interface HostSession {
  readonly process: RemoteProcess;
  readonly over: Promise<SessionEnd>;
}

interface SessionRequest {
  readonly plan: DurablePlan;
  readonly questioner: Questioner | undefined;
  readonly token: string;
  readonly command: (shell: LoginShell) => HostCommand;
}

/** Runs one of our own scripts on the host and parses what it reports. Rejects if it was never sent. */
export async function openHostSession(
  remote: Remote,
  { plan, questioner, token, command }: SessionRequest,
  listener: HostListener,
  signal: AbortSignal,
): Promise<HostSession> {
  const over = Promise.withResolvers<SessionEnd>();
  const opened = Promise.withResolvers<RemoteProcess>();
  let hostCommand: HostCommand | undefined;
  const deadline = new StatusDeadline(() => {
    over.resolve({ kind: "silent" });
    void opened.promise.then((process) => process.close());
  });
  const output = parseOutput(token, {
    output: (stream, chunk) => listener.output(stream, chunk),
    status: (status) => {
      if (status.state !== "ready") {
        deadline.end();
        listener.status(status);
        return;
      }
      if (hostCommand === undefined) return;
      deadline.start(plan.connectTimeoutMs + hostCommand.busyMs);
      listener.sent();
      const { input } = hostCommand;
      // It stays open: its end tells the host that the follower is gone.
      void opened.promise.then((process) => process.stdin.write(input));
    },
  });
  const request = {
    command: (shell: LoginShell) => {
      hostCommand = command(shell);
      return hostCommand.command;
    },
    pty: null,
    connectTimeoutMs: plan.connectTimeoutMs,
    agentSocket: plan.agentSocket,
    questioner,
  };
  const end = (how: RemoteEnd): void => {
    deadline.end();
    over.resolve(how);
  };
  const connecting: ConnectListener = {
    step: (message) => listener.step(message),
    banner: (text, hop, from) => listener.banner(text, hop, from),
  };
  const process = await remote.exec(plan.target, request, { ...output, ...connecting, end }, signal);
  opened.resolve(process);
  deadline.start(plan.connectTimeoutMs + (hostCommand?.input.length === 0 ? hostCommand.busyMs : 0));
  const close = (): void => process.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  void over.promise.then(() => signal.removeEventListener("abort", close));
  return { process, over: over.promise };
}

interface SessionOutput {
  status(status: RemoteStatus): void;
  output(stream: OutputStream, chunk: Buffer): void;
}

/** Separates the host's status lines on standard output from what follows the last of them. */
function parseOutput(token: string, session: SessionOutput): Pick<RemoteListener, OutputStream> {
  const marked = { stdout: new StatusLineFilter(token), stderr: new StatusLineFilter(token) };
  const take = (stream: OutputStream, chunk: Buffer): void => {
    const known = marked[stream].line !== undefined;
    const bytes = marked[stream].take(chunk);
    const { line } = marked[stream];
    if (!known && line !== undefined && stream === "stdout") {
      const status = parseRemoteStatus(line);
      // Another status follows.
      if (status.state === "ready") marked.stdout = new StatusLineFilter(token);
      session.status(status);
      if (status.state === "ready") {
        if (bytes.length > 0) take(stream, bytes);
        return;
      }
    }
    if (bytes.length > 0) session.output(stream, bytes);
  };
  return {
    stdout: (chunk) => take("stdout", chunk),
    stderr: (chunk) => take("stderr", chunk),
  };
}

/** A deadline for the host's next status. */
class StatusDeadline {
  readonly #late: () => void;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(late: () => void) {
    this.#late = late;
  }

  start(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#over) this.#timer = setTimeout(this.#late, ms);
  }

  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }
}
