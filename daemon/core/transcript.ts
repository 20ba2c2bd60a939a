export interface Numbered {
  readonly seq: number;
  /** What this one costs to keep, in bytes. */
  readonly size: number;
}

/**
 * The newest part of a numbered stream, kept in memory for those who follow it. Items are appended once they
 * are recorded, so whoever is too far behind finds them in the record. Readers pull at their own pace; a
 * slow one costs nothing.
 */
export class Transcript<Item extends Numbered> {
  readonly #keepBytes: number;
  readonly #wakers = new Set<() => void>();
  #items: Item[] = [];
  #bytes = 0;
  #ended = false;
  #lastSeq: number;

  constructor(lastSeq: number, keepBytes = 1024 * 1024) {
    this.#lastSeq = lastSeq;
    this.#keepBytes = keepBytes;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether the last item there will ever be is in. */
  get ended(): boolean {
    return this.#ended;
  }

  append(items: readonly Item[], last = false): void {
    for (const item of items) {
      if (item.seq !== this.#lastSeq + 1)
        throw new Error(`expected item ${this.#lastSeq + 1}, got ${item.seq}`);
      this.#lastSeq = item.seq;
      this.#bytes += item.size;
      this.#items.push(item);
    }
    this.#ended ||= last;
    this.#trim();
    for (const wake of this.#wakers) wake();
  }

  /** Items after `seq`, about `maxBytes` of them; undefined when they are no longer kept here. */
  after(seq: number, maxBytes: number): Item[] | undefined {
    if (seq >= this.#lastSeq) return [];
    const first = this.#items[0];
    if (first === undefined || seq + 1 < first.seq) return undefined;
    const found: Item[] = [];
    let bytes = 0;
    for (let at = seq + 1 - first.seq; at < this.#items.length && bytes < maxBytes; at++) {
      const item = this.#items[at];
      if (item === undefined) break;
      found.push(item);
      bytes += item.size;
    }
    return found;
  }

  /** Calls `wake` after every append until the returned function is called. */
  follow(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => this.#wakers.delete(wake);
  }

  #trim(): void {
    let drop = 0;
    while (this.#bytes > this.#keepBytes && drop < this.#items.length - 1) {
      this.#bytes -= this.#items[drop]?.size ?? 0;
      drop++;
    }
    if (drop > 0) this.#items = this.#items.slice(drop);
  }
}
