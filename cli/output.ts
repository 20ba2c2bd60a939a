import { writeSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { notRunStatus } from "../client/exit-status.ts";
import { errorCode } from "../state-directory/error-code.ts";

/** Something of this process' output cannot be written. */
export class OutputFailure extends Error {
  override readonly name = "OutputFailure";
  /** Whether whoever read it has gone away, which is an everyday thing: `| head -1`. */
  readonly readerGone: boolean;

  constructor(what: "Standard output" | "Standard error", cause: Error) {
    super(`${what} cannot be written: ${cause.message}`, { cause });
    this.readerGone = ["EPIPE", "ECONNRESET"].includes(errorCode(cause) ?? "");
  }

  /** The exit status: as a shell has it of what SIGPIPE ended, or 255. */
  get status(): number {
    return this.readerGone ? 141 : notRunStatus;
  }
}

/**
 * Node takes what was written to a file in part for written as a whole: on a disk that is nearly full the rest would be
 * lost without a word. It never does so on pipes and terminals.
 */
export function writeWhole(stream: Writable, file: number): void {
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
