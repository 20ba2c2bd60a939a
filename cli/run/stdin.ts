import { fstatSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import type { Daemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import { warn } from "../console.ts";

/**
 * Whether there is input to pass on: not a terminal, which the person may need, and not /dev/null. With `pty` the
 * command may wait for input from the terminal: a warning is printed.
 */
export async function hasStdin(pty = false): Promise<boolean> {
  try {
    const own = fstatSync(0);
    if (!own.isCharacterDevice()) return true;
    if (own.rdev === statSync("/dev/null").rdev) return false;
    const { isatty } = await import("node:tty");
    if (!isatty(0)) return true;
    if (pty) warn("What you type is not passed on to the command. Ctrl-C cancels it.");
    return false;
  } catch {
    return false;
  }
}

/** Passes standard input and its end on to a run, for as long as the command reads it. */
export async function passStdin(
  daemon: Pick<Daemon, "writeStdin">,
  run: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await daemon.writeStdin(run, Readable.from(readStdin(signal)), { end: true, signal });
  } catch (error) {
    // A command that ends before it has read everything is normal: `head -1`. If the daemon is gone, the reader of the
    // run's events reports it.
    if (signal.aborted || (error instanceof Problem && isOver(error))) return;
    warn(`Standard input was not passed on: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A read error ends the input, as it does for ssh. Failures of the consumer are not reported here. */
async function* readStdin(signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  const chunks = process.stdin[Symbol.asyncIterator]();
  const next = (): Promise<IteratorResult<unknown>> =>
    chunks.next().catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) warn(`Standard input could not be read: ${why}`);
      return { done: true, value: undefined };
    });
  try {
    for (let read = await next(); read.done !== true; read = await next()) {
      if (read.value instanceof Buffer) yield read.value;
    }
  } finally {
    await chunks.return?.();
  }
}

function isOver({ code, members }: Problem): boolean {
  const isGone = members.reason === "cut" || members.reason === "not_running";
  return code === "conflict" || (code === "daemon_unreachable" && isGone);
}
