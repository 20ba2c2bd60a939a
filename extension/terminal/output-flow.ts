import type { ToPanel } from "../../protocol/panel.ts";

export type OutputChunk = Extract<ToPanel, { type: "output" }>["chunks"][number];

/** A webview draws at most once per frame, so more frequent messages would be wasted. */
const frameMs = 16;
/** VS Code's own terminal uses the same flow control marks between its process and its window. */
const highCharacters = 100_000;
const lowCharacters = 5000;
/** The approximate limit of one message, so that the first lines of long output appear early. */
const messageCharacters = 65_536;

/**
 * Output on its way to a webview: sent at once after a pause, else collected for a frame; in order, and paused while
 * more than 100,000 characters have not been drawn, until fewer than 5,000 are left.
 */
export class OutputFlow implements Disposable {
  readonly #post: (chunks: OutputChunk[]) => void;
  #waiting: OutputChunk[] = [];
  #waitingCharacters = 0;
  #undrawn = 0;
  #held = false;
  #cancelFlush: (() => void) | undefined;
  #flushedAt = -frameMs;
  #wake: (() => void) | undefined;
  #disposed = false;

  constructor(post: (chunks: OutputChunk[]) => void) {
    this.#post = post;
  }

  /** Adds a chunk; resolves when there is room for the next, or when the flow is disposed of. */
  async push(chunk: OutputChunk): Promise<void> {
    if (this.#disposed || chunk.data === "") return;
    this.#waiting.push(chunk);
    this.#waitingCharacters += chunk.data.length;
    if (this.#waitingCharacters >= messageCharacters) this.flush();
    else this.#cancelFlush ??= this.#flushLater();
    if (this.#undrawn > highCharacters) this.#held = true;
    if (this.#held) await this.#room();
  }

  /** Sends pending output now, so that later messages come after it. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#waiting.length === 0 || this.#disposed) return;
    const chunks = this.#waiting;
    this.#undrawn += this.#waitingCharacters;
    this.#waiting = [];
    this.#waitingCharacters = 0;
    this.#flushedAt = performance.now();
    this.#post(merged(chunks));
  }

  /** The webview has drawn this many characters. */
  drawn(characters: number): void {
    this.#undrawn = Math.max(0, this.#undrawn - characters);
    if (this.#undrawn < lowCharacters) this.#release();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#cancelFlush?.();
    this.#waiting = [];
    this.#release();
  }

  /**
   * Schedules a flush for the next frame; after a pause, only for the end of the present turn. Returns a function that
   * cancels it.
   */
  #flushLater(): () => void {
    const leftMs = frameMs - (performance.now() - this.#flushedAt);
    if (leftMs <= 0) {
      // A timer would take at least a millisecond.
      const immediate = setImmediate(() => this.flush());
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(() => this.flush(), leftMs);
    return () => clearTimeout(timer);
  }

  async #room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  #release(): void {
    this.#held = false;
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Merges adjacent chunks of the same stream: fewer and larger writes. */
function merged(chunks: readonly OutputChunk[]): OutputChunk[] {
  const result: OutputChunk[] = [];
  for (const chunk of chunks) {
    const last = result.at(-1);
    const joins =
      last !== undefined &&
      last.stream === chunk.stream &&
      last.encoding === undefined &&
      chunk.encoding === undefined;
    if (joins) result[result.length - 1] = { stream: last.stream, data: last.data + chunk.data };
    else result.push(chunk);
  }
  return result;
}
