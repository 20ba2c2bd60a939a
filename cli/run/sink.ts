import { OutputFailure } from "../output.ts";

/** Bytes to a stream of this process, no faster than they are read. */
export class Sink {
  readonly #stream: NodeJS.WriteStream;
  #failure: OutputFailure | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // What is told there, `write` is told too.
    stream.on("error", () => undefined);
  }

  /** What could not be written; nothing more is, then. */
  get failure(): OutputFailure | undefined {
    return this.#failure;
  }

  /** Resolves when the bytes are written. Rejects with an OutputFailure. */
  async write(bytes: Buffer | string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const failure = await new Promise<Error | null | undefined>((done) => this.#stream.write(bytes, done));
    if (failure === undefined || failure === null) return;
    const what = this.#stream === process.stdout ? "Standard output" : "Standard error";
    this.#failure = new OutputFailure(what, failure);
    throw this.#failure;
  }
}
