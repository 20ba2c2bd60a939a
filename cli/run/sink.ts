import { OutputFailure } from "../output.ts";

/** Writes to a stream of this process, no faster than its reader reads. */
export class Sink {
  readonly #stream: NodeJS.WriteStream;
  #failure: OutputFailure | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // The same error is passed to the callback of `write`.
    stream.on("error", () => undefined);
  }

  /** The first failure to write; nothing is written after it. */
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
