import { fstatSync, readFileSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import type { Daemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import { warn } from "../console.ts";

/** Where input to pass on comes from: a terminal, or a pipe, a file or the like; "none" if there is none. */
export type StdinSource = "none" | "terminal" | "stream";

/** There is none in /dev/null, nor on a terminal for a program in its background. */
export async function stdinSource(): Promise<StdinSource> {
  try {
    const own = fstatSync(0);
    if (!own.isCharacterDevice()) return "stream";
    if (own.rdev === statSync("/dev/null").rdev) return "none";
    const { isatty } = await import("node:tty");
    if (!isatty(0)) return "stream";
    return isInBackground() ? "none" : "terminal";
  } catch {
    return "none";
  }
}

/** A background program that reads its terminal is stopped (SIGTTIN). Only Linux shows this without a system call from C. */
function isInBackground(): boolean {
  let stat = "";
  try {
    stat = readFileSync("/proc/self/stat", "latin1");
  } catch {
    return false;
  }
  // proc(5): state, ppid, pgrp, session, tty_nr and tpgid follow the name of the program, which may contain anything.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return foreground !== "-1" && foreground !== group;
}

export interface StdinOptions {
  /** Aborted when the run is over. */
  readonly signal: AbortSignal;
  /** Whether the command gets each key as it is pressed; otherwise this terminal edits lines, and Ctrl-D ends the input. */
  readonly keys: boolean;
}

/** Passes standard input and its end on to a run, for as long as the command reads it. */
export async function passStdin(
  daemon: Pick<Daemon, "writeStdin">,
  run: string,
  { signal, keys }: StdinOptions,
): Promise<void> {
  if (keys) passKeys(signal);
  try {
    const source = Readable.from(readStdin(signal));
    // On a terminal most often nothing is typed, and no request is needed.
    await new Promise<void>((resolve) => {
      source.once("readable", resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    if (signal.aborted) return;
    await daemon.writeStdin(run, source, { end: true, signal });
  } catch (error) {
    // A command that ends before it has read everything is normal: `head -1`. If the daemon is gone, the reader of the
    // run's events reports it.
    if (signal.aborted || (error instanceof Problem && isOver(error))) return;
    warn(`Standard input was not passed on: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The host's terminal echoes, edits lines and makes signals; if this process exits first, Node resets this one. */
function passKeys(signal: AbortSignal): void {
  if (signal.aborted) return;
  const { stdin } = process;
  stdin.setRawMode(true);
  signal.addEventListener("abort", () => stdin.setRawMode(false), { once: true });
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
