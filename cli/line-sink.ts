import type { Sink } from "./run/sink.ts";
import { terminalLines } from "./terminal-lines.ts";

const newline = 10;
/** A line longer than this is written in pieces. */
const maxHeldBytes = 64 * 1024;

/**
 * Writes text that contains output of several hosts: to a file or a pipe unchanged, and to a terminal as whole lines
 * with its control characters made visible.
 */
export class LineSink {
  readonly #sink: Pick<Sink, "write">;
  readonly #isTerminal: boolean;
  #held: Buffer = Buffer.alloc(0);

  constructor(sink: Pick<Sink, "write">, isTerminal: boolean) {
    this.#sink = sink;
    this.#isTerminal = isTerminal;
  }

  async write(bytes: Buffer | string): Promise<void> {
    if (!this.#isTerminal) return this.#sink.write(bytes);
    const all = Buffer.concat([this.#held, Buffer.from(bytes)]);
    const end = all.length > maxHeldBytes ? all.length : all.lastIndexOf(newline) + 1;
    this.#held = all.subarray(end);
    if (end > 0) await this.#sink.write(terminalLines(all.subarray(0, end)));
  }

  /** Writes the rest, which does not end with a newline. */
  async end(): Promise<void> {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    if (held.length > 0) await this.#sink.write(terminalLines(held));
  }
}
