import type { OutputStream } from "../../../protocol/event.ts";
import type { LoginShell } from "../login-shell.ts";
import type { Remote, RemoteEnd, RemoteListener, RemoteProcess } from "../remote.ts";
import type { HostCommand } from "./host-script.ts";
import { type HostWord, MarkedStream, parseHostWord } from "./host-word.ts";
import type { DurablePlan } from "./plan.ts";

/** Told in order; never before `openHostSession` has resolved. */
export interface HostListener {
  step(message: string): void;
  word(word: HostWord): void;
  output(stream: OutputStream, chunk: Buffer): void;
}

export interface HostSession {
  readonly process: RemoteProcess;
  readonly over: Promise<RemoteEnd>;
}

/** Runs one of our own commands on the host and reads what it says. Rejects when it was never sent. */
export async function openHostSession(
  remote: Remote,
  { plan, token, command }: { plan: DurablePlan; token: string; command: (shell: LoginShell) => HostCommand },
  listener: HostListener,
  signal: AbortSignal,
): Promise<HostSession> {
  const over = Promise.withResolvers<RemoteEnd>();
  const marked = { stdout: new MarkedStream(token), stderr: new MarkedStream(token) };
  const take = (stream: OutputStream) => (chunk: Buffer) => {
    const known = marked[stream].line !== undefined;
    const bytes = marked[stream].take(chunk);
    const { line } = marked[stream];
    if (!known && line !== undefined && stream === "stdout") listener.word(parseHostWord(line));
    if (bytes.length > 0) listener.output(stream, bytes);
  };
  const heard: RemoteListener & { step(message: string): void } = {
    step: (message) => listener.step(message),
    stdout: take("stdout"),
    stderr: take("stderr"),
    end: over.resolve,
  };
  let input: Buffer = Buffer.alloc(0);
  const request = {
    command: (shell: LoginShell) => {
      const asked = command(shell);
      input = asked.input;
      return asked.command;
    },
    pty: false,
    connectTimeoutMs: plan.connectTimeoutMs,
    agentSocket: plan.agentSocket,
  };
  const process = await remote.exec(plan.target, request, heard, signal);
  // Standard input stays open: its end tells the host that nobody follows any more.
  if (input.length > 0) process.stdin.write(input);
  const close = (): void => process.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  void over.promise.then(() => signal.removeEventListener("abort", close));
  return { process, over: over.promise };
}
