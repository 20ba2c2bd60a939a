export interface Numbered {
  readonly seq: number;
  /** What this one costs to keep, in bytes. */
  readonly size: number;
}

/** How far somebody has come who must miss nothing. */
export interface Place {
  readonly seq: number;
}

/**
 * The newest part of a numbered stream, kept in memory for those who follow it. Items are appended once they
 * are recorded, so whoever is too far behind finds them in the record. Readers pull at their own pace; a
 * slow one costs nothing, unless it holds its place.
 */
export class Transcript<Item extends Numbered> {
  readonly #keepBytes: number;
  readonly #wakers = new Set<() => void>();
  readonly #held = new Set<Place>();
  #items: Item[] = [];
  /** Of each item: the bytes of all items up to and with it, also of those that are not kept any more. */
  #ends: number[] = [];
  #droppedBytes = 0;
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
      this.#ends.push(this.#endBytes() + item.size);
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

  /** The newest of the items kept here that `matches`. */
  findLast(matches: (item: Item) => boolean): Item | undefined {
    return this.#items.findLast(matches);
  }

  /** Calls `wake` after every append until the returned function is called. */
  follow(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => this.#wakers.delete(wake);
  }

  /** Keeps everything behind a place that moves, and before it as much as is kept anyway, until it is released. */
  hold(place: Place): void {
    this.#held.add(place);
  }

  release(place: Place): void {
    this.#held.delete(place);
  }

  /** Bytes that are kept behind `seq`. */
  bytesAfter(seq: number): number {
    return this.#endBytes() - this.#endOf(seq);
  }

  #endBytes(): number {
    return this.#ends.at(-1) ?? this.#droppedBytes;
  }

  /** Of what is not kept any more: where that ends. */
  #endOf(seq: number): number {
    const first = this.#items[0];
    if (first === undefined || seq < first.seq) return this.#droppedBytes;
    return this.#ends[seq - first.seq] ?? this.#endBytes();
  }

  #trim(): void {
    let from = this.#lastSeq;
    for (const { seq } of this.#held) from = Math.min(from, seq);
    const end = this.#endOf(from) - this.#keepBytes;
    let count = 0;
    for (; count < this.#items.length - 1 && this.#droppedBytes < end; count++) {
      this.#droppedBytes = this.#ends[count] ?? this.#droppedBytes;
    }
    if (count === 0) return;
    this.#items = this.#items.slice(count);
    this.#ends = this.#ends.slice(count);
  }
}
