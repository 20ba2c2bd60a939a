import { errorCode } from "../../state-directory/error-code.ts";

/** The reader of our output has gone away. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe";
}

/** Bytes to a stream of this process, no faster than they are read. */
export class Sink {
  readonly #stream: NodeJS.WriteStream;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on("error", (error: Error) => {
      this.#failure = error;
      this.#wake();
    });
    stream.on("drain", () => this.#wake());
  }

  /** Resolves when the stream takes more. Rejects with BrokenPipe when nobody reads any more. */
  async write(bytes: Buffer | string): Promise<void> {
    this.#check();
    if (this.#stream.write(bytes)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#check();
  }

  #check(): void {
    if (this.#failure === undefined) return;
    throw errorCode(this.#failure) === "EPIPE" ? new BrokenPipe() : this.#failure;
  }
}
