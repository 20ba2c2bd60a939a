import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { Writable } from "node:stream";
import { notRunStatus } from "../client/exit-status.ts";
import { errorCode } from "../state-directory/error-code.ts";

/** A failure to write to this process's output. */
export class OutputFailure extends Error {
  override readonly name = "OutputFailure";
  /** Whether the reader has closed the pipe, which is normal: `| head -1`. */
  readonly readerGone: boolean;

  constructor(what: "Standard output" | "Standard error", cause: Error) {
    super(`${what} cannot be written: ${cause.message}`, { cause });
    this.readerGone = ["EPIPE", "ECONNRESET"].includes(errorCode(cause) ?? "");
  }

  /** The exit status: the one that a shell reports for a process killed by SIGPIPE, or 255. */
  get status(): number {
    return this.readerGone ? 141 : notRunStatus;
  }
}

type Name = "stdout" | "stderr";

const made = new Map<Name, Writable>();

/** The output streams of this process that have been used. */
export function usedOutput(): readonly Writable[] {
  return [...made.values()];
}

/**
 * Makes sure that output is written completely, and calls `failed` if it cannot be written. Node creates each of these
 * streams at its first use, which takes a while: so it is prepared then, and not before.
 */
export function prepareOutput(name: Name, failed: (cause: Error) => void): void {
  const get = Object.getOwnPropertyDescriptor(process, name)?.get?.bind(process);
  if (get === undefined) throw new TypeError(`Node makes process.${name} in another way.`);
  const prepared = (): unknown => {
    const stream: unknown = get();
    if (stream instanceof Writable && !made.has(name)) {
      made.set(name, stream);
      writeWhole(stream, name === "stdout" ? 1 : 2);
      stream.on("error", failed);
    }
    return stream;
  };
  Object.defineProperty(process, name, { get: prepared });
}

/**
 * Writes to a file until everything is written. Node treats a partial write to a file as complete: on a nearly full
 * disk the rest would be silently lost. Pipes and terminals are not affected.
 */
function writeWhole(stream: Writable, file: number): void {
  if (stream instanceof Socket) return;
  const write = (chunk: Buffer, _encoding: unknown, done: (failure?: Error) => void): void => {
    let failure: Error | undefined;
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    done(failure);
  };
  Reflect.set(stream, "_write", write);
}
