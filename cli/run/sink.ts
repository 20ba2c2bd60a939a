import { OutputFailure } from "../output.ts";

/** Writes to a stream of this process, which is created by the first write, no faster than its reader reads. */
export class Sink {
  readonly #name: "stdout" | "stderr";
  #failure: OutputFailure | undefined;

  constructor(name: "stdout" | "stderr") {
    this.#name = name;
  }

  /** The first failure to write; nothing is written after it. */
  get failure(): OutputFailure | undefined {
    return this.#failure;
  }

  /** Resolves when the bytes are written. Rejects with an OutputFailure. */
  async write(bytes: Buffer | string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const stream = process[this.#name];
    const failure = await new Promise<Error | null | undefined>((done) => stream.write(bytes, done));
    if (failure === undefined || failure === null) return;
    const what = this.#name === "stdout" ? "Standard output" : "Standard error";
    this.#failure = new OutputFailure(what, failure);
    throw this.#failure;
  }
}
