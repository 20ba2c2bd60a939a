/** A numbered stream for one reader, which pulls at its own pace. */
export interface Feed<Item> {
  /** The reader has everything up to this number. */
  readonly from: number;
  /** An item that the reader gets before all others. */
  readonly opening?: Item | undefined;
  /** The items after `seq` that are available now, about `maxBytes` of them. */
  after(seq: number, maxBytes: number): readonly Item[];
  /** Whether nothing can come after `seq`. */
  over(seq: number): boolean;
  /** Calls `wake` whenever there may be more. The returned function stops that. */
  follow(wake: () => void): () => void;
  /** Set if others wait for this reader: it is updated with the reader's position, and when it leaves. */
  readonly place?: ReaderPlace | undefined;
}

/** The position of a reader that must receive every byte. */
export interface ReaderPlace {
  /** A reader that makes no progress for this long is disconnected. */
  readonly timeoutMs: number;
  /** The reader has everything up to `seq`, as far as can be known here. */
  taken(seq: number): void;
  /**
   * The reader has left. If it was `sent` everything up to that number, it may not have received it, and is waited for as
   * long as it could miss something.
   */
  leave(sent?: number): void;
}
