import type { Writable } from "node:stream";

/** The pieces that the shells of a command read from its standard input before the command does, each on request. */
export class CommandInput {
  #pieces: readonly Buffer[] = [];
  #asked = 0;
  #given = 0;
  #stdin: Writable | undefined;
  readonly #done = Promise.withResolvers<void>();

  /** To be called before the command is sent. */
  expect(pieces: readonly Buffer[]): void {
    this.#pieces = pieces;
  }

  get isNone(): boolean {
    return this.#pieces.length === 0;
  }

  /** True once everything has been written. */
  get isGiven(): boolean {
    return this.#stdin !== undefined && this.#given === this.#pieces.length;
  }

  /** To be called when the host requests the next piece. */
  ask(): void {
    this.#asked += 1;
    this.#give();
  }

  /** Resolves once everything has been written. */
  giveTo(stdin: Writable): Promise<void> {
    this.#stdin = stdin;
    this.#give();
    return this.#done.promise;
  }

  #give(): void {
    if (this.#stdin === undefined) return;
    while (this.#given < Math.min(this.#asked, this.#pieces.length)) {
      this.#stdin.write(this.#pieces[this.#given]);
      this.#given += 1;
    }
    if (this.#given === this.#pieces.length) this.#done.resolve();
  }
}
