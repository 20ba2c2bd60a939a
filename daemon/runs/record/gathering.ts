/** So much at once is worth no further wait. */
const enoughBytes = 256 * 1024;
/** What came with so much in one turn, a moment ago, is long output rather than lines that somebody waits for. */
const longBytes = 16 * 1024;
const longForMs = 10;
const waitMs = 2;

/**
 * Says when what has come in is to be taken: at the end of the turn of the event loop, and of long output when there is enough of
 * it, or after 2 ms. Each time costs a commit, a file that is opened and a message to each reader, however much it is.
 */
export class Gathering {
  readonly #take: () => void;
  #waiting = 0;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #longUntil = 0;

  constructor(take: () => void) {
    this.#take = take;
  }

  /** More has come in. */
  came(bytes: number): void {
    this.#waiting += bytes;
    if (this.#waiting >= enoughBytes) this.#take();
    else if (this.#immediate !== undefined || this.#timer !== undefined) return;
    else if (performance.now() < this.#longUntil) this.#timer = setTimeout(this.#take, waitMs);
    else this.#immediate = setImmediate(this.#take);
  }

  /** All that came is taken now, for whatever reason. */
  taken(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    if (this.#waiting >= longBytes) this.#longUntil = performance.now() + longForMs;
    this.#waiting = 0;
  }
}
