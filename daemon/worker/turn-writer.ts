import type { Writable } from "node:stream";

/**
 * Writes what arrives in one turn of the event loop in at most two pieces, since each is a packet that wakes the host:
 * the first immediately, all others together at the end of the turn.
 */
export class TurnWriter {
  readonly #stream: Writable;
  #rest: Buffer[] = [];
  #turn: NodeJS.Immediate | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(bytes: Buffer): void {
    if (this.#turn !== undefined) {
      this.#rest.push(bytes);
      return;
    }
    this.#turn = setImmediate(() => this.#flush());
    this.#stream.write(bytes);
  }

  end(): void {
    this.#flush();
    this.#stream.end();
  }

  #flush(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    if (this.#rest.length === 0) return;
    this.#stream.write(Buffer.concat(this.#rest));
    this.#rest = [];
  }
}
