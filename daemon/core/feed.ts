/** A numbered stream for one reader, who pulls at its own pace. */
export interface Feed<Item> {
  /** The reader has everything up to this number. */
  readonly from: number;
  /** What the reader is told before anything else. */
  readonly opening?: Item | undefined;
  /** Items after `seq` that are there now, about `maxBytes` of them. */
  after(seq: number, maxBytes: number): readonly Item[];
  /** Whether nothing can come after `seq`. */
  over(seq: number): boolean;
  /** Calls `wake` whenever there may be more. The returned function ends that. */
  follow(wake: () => void): () => void;
  /** Of a reader that others wait for: it is told how far the reader is, and when it is gone. */
  readonly place?: ReaderPlace | undefined;
}

/** Where a reader is who is to be sent every byte. */
export interface ReaderPlace {
  /** A reader that takes nothing for so long is to be sent away. */
  readonly timeoutMs: number;
  /** The reader has everything up to `seq`, as far as can be told from here. */
  taken(seq: number): void;
  /**
   * It is no longer there. One that was `sent` everything up to that number may not have got it, and is waited for as
   * long as it could miss something.
   */
  leave(sent?: number): void;
}
