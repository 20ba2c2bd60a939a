import type { Remote, RemoteEnd } from "../../transport/remote.ts";
import type { DurablePlan } from "./plan.ts";

export const maxConnectMs = 10_000;
const maxOutputLength = 4096;

export interface SessionResult {
  readonly end: RemoteEnd;
  /** The end of what it printed. */
  readonly output: string;
}

/**
 * Runs a command of Hostrun's own on a durable run's host, in a session of its own and, if the server allows no further
 * one, on a connection of its own. It is left when the signal is aborted. Rejects if it was never sent.
 */
export async function runInOwnSession(
  remote: Remote,
  { target, agentSocket, connectTimeoutMs }: DurablePlan,
  command: string,
  signal: AbortSignal,
): Promise<SessionResult> {
  const over = Promise.withResolvers<RemoteEnd>();
  let output = "";
  const request = {
    command: () => command,
    pty: null,
    connectTimeoutMs: Math.min(connectTimeoutMs, maxConnectMs),
    agentSocket,
  };
  const listener = {
    stdout: (chunk: Buffer) => {
      output = (output + chunk.toString("latin1")).slice(-maxOutputLength);
    },
    stderr: () => undefined,
    step: () => undefined,
    banner: () => undefined,
    end: over.resolve,
  };
  const process = await remote.exec(target, request, listener, signal);
  process.stdin.end();
  signal.addEventListener("abort", () => process.close(), { once: true });
  return { end: await over.promise, output };
}
