/** With this much waiting, it is not worth waiting longer. */
const enoughBytes = 256 * 1024;
/** This much in one turn, a moment ago, indicates long output rather than lines that somebody waits for. */
const longBytes = 16 * 1024;
const longForMs = 10;
const waitMs = 2;

/**
 * Decides when received output is processed: at the end of the turn of the event loop, or, for long output, when there
 * is enough of it or after 2 ms. Each time costs a commit, opening a file and a message to each reader, regardless of
 * the size.
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

  /** To be called when more has arrived. */
  came(bytes: number): void {
    this.#waiting += bytes;
    if (this.#waiting >= enoughBytes) this.#take();
    else if (this.#immediate !== undefined || this.#timer !== undefined) return;
    else if (performance.now() < this.#longUntil) this.#timer = setTimeout(this.#take, waitMs);
    else this.#immediate = setImmediate(this.#take);
  }

  /** To be called when everything that has arrived is processed, for any reason. */
  taken(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    if (this.#waiting >= longBytes) this.#longUntil = performance.now() + longForMs;
    this.#waiting = 0;
  }
}
