import { Writable } from "node:stream";

/** As much as OpenSSH's window of a session: what is under way to a command, or waits on the host until it is read. */
const windowBytes = 2 * 1024 * 1024;
/** A worker takes in a frame as a whole. */
const frameBytes = 32 * 1024;
/** With more than this under way, what follows in the worker's session has to wait for it. */
const bulkBytes = 64 * 1024;

/** What the worker is to do: write bytes to a command's standard input, or end that. */
export type SendInput = (what: "B" | "E", bytes: Buffer) => void;

/** The standard input of a worker's command, with back-pressure. */
export class WorkerInput extends Writable {
  readonly #send: SendInput;
  #room = windowBytes;
  #rest: Buffer = Buffer.alloc(0);
  #done: ((failure?: Error) => void) | undefined;

  constructor(send: SendInput) {
    super();
    this.#send = send;
  }

  /** Whether so much is under way that other commands had better go elsewhere. */
  get isBulk(): boolean {
    return !this.destroyed && windowBytes - this.#room > bulkBytes;
  }

  /** The host has written so many bytes. */
  written(bytes: number): void {
    this.#room = Math.min(this.#room + bytes, windowBytes);
    this.#continue();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (failure?: Error) => void): void {
    this.#rest = chunk;
    this.#done = done;
    this.#continue();
  }

  override _final(done: () => void): void {
    this.#send("E", Buffer.alloc(0));
    done();
  }

  /** A writer that still waits is told. */
  override _destroy(failure: Error | null, done: (failure?: Error | null) => void): void {
    this.#done?.(new Error("The command has ended."));
    this.#done = undefined;
    done(failure);
  }

  #continue(): void {
    const done = this.#done;
    if (done === undefined) return;
    while (this.#rest.length > 0 && this.#room > 0) {
      const piece = this.#rest.subarray(0, Math.min(frameBytes, this.#room));
      this.#room -= piece.length;
      this.#rest = this.#rest.subarray(piece.length);
      this.#send("B", piece);
    }
    if (this.#rest.length > 0) return;
    this.#done = undefined;
    done();
  }
}
