export interface Numbered {
  readonly seq: number;
  /** Roughly the memory that it takes, in bytes. */
  readonly size: number;
}

/** The position of a reader that must miss nothing. */
export interface Place {
  readonly seq: number;
}

interface Kept<Item> {
  readonly item: Item;
  /** The bytes of all items up to and with it. */
  readonly end: number;
}

/**
 * The newest part of a numbered stream, kept in memory for its readers. Items are appended once they are recorded, so a
 * reader that is too far behind finds them in the record. Readers pull at their own pace; a slow one costs nothing,
 * unless it holds its place.
 */
export class Transcript<Item extends Numbered> {
  readonly #keepBytes: number;
  /** Created with the first reader: ten thousand waiting runs have none. */
  #wakers: Set<() => void> | undefined;
  #held: Set<Place> | undefined;
  /** By number. A list would have to be copied whenever items are dropped: at each append, once it is full. */
  readonly #kept = new Map<number, Kept<Item>>();
  /** The bytes of all items, including those no longer kept. */
  #bytes = 0;
  #droppedBytes = 0;
  #ended = false;
  /** The number of the oldest item kept. */
  #firstSeq: number;
  #lastSeq: number;

  constructor(lastSeq: number, keepBytes = 1024 * 1024) {
    this.#firstSeq = lastSeq + 1;
    this.#lastSeq = lastSeq;
    this.#keepBytes = keepBytes;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Whether the last item has been appended. */
  get ended(): boolean {
    return this.#ended;
  }

  append(items: readonly Item[], last = false): void {
    for (const item of items) {
      if (item.seq !== this.#lastSeq + 1)
        throw new Error(`expected item ${this.#lastSeq + 1}, got ${item.seq}`);
      this.#lastSeq = item.seq;
      this.#bytes += item.size;
      this.#kept.set(item.seq, { item, end: this.#bytes });
    }
    this.#ended ||= last;
    this.#trim();
    for (const wake of this.#wakers ?? []) wake();
  }

  /** Items after `seq`, about `maxBytes` of them; undefined if they are no longer kept here. */
  after(seq: number, maxBytes: number): Item[] | undefined {
    if (seq >= this.#lastSeq) return [];
    if (seq + 1 < this.#firstSeq) return undefined;
    const found: Item[] = [];
    let bytes = 0;
    for (let at = seq + 1; bytes < maxBytes; at++) {
      const item = this.#kept.get(at)?.item;
      if (item === undefined) break;
      found.push(item);
      bytes += item.size;
    }
    return found;
  }

  /** The newest item kept here that `matches`. */
  findLast(matches: (item: Item) => boolean): Item | undefined {
    for (let seq = this.#lastSeq; seq >= this.#firstSeq; seq--) {
      const item = this.#kept.get(seq)?.item;
      if (item !== undefined && matches(item)) return item;
    }
    return undefined;
  }

  /** Calls `wake` after every append until the returned function is called. */
  follow(wake: () => void): () => void {
    const wakers = (this.#wakers ??= new Set());
    wakers.add(wake);
    return () => wakers.delete(wake);
  }

  /** Keeps everything after a place, which may move, until it is released; before it, as much as is kept anyway. */
  hold(place: Place): void {
    (this.#held ??= new Set()).add(place);
  }

  release(place: Place): void {
    this.#held?.delete(place);
  }

  /** The number of bytes kept after `seq`. */
  bytesAfter(seq: number): number {
    return this.#bytes - this.#endOf(seq);
  }

  /** For an item that is no longer kept: the end of all such items. */
  #endOf(seq: number): number {
    return this.#kept.get(seq)?.end ?? (seq < this.#firstSeq ? this.#droppedBytes : this.#bytes);
  }

  #trim(): void {
    let from = this.#lastSeq;
    for (const { seq } of this.#held ?? []) from = Math.min(from, seq);
    const end = this.#endOf(from) - this.#keepBytes;
    while (this.#firstSeq < this.#lastSeq && this.#droppedBytes < end) {
      this.#droppedBytes = this.#endOf(this.#firstSeq);
      this.#kept.delete(this.#firstSeq++);
    }
  }
}
