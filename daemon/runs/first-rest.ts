/** Long enough for the work that follows a run. */
const restMs = 1000;

/**
 * Resolves `reached` once a run has ended and no run has been under way for a second, or when disposed of after a run
 * has ended.
 */
export class FirstRest implements Disposable {
  readonly #busy: () => boolean;
  readonly #reached = Promise.withResolvers<void>();
  /** Never settles if no run ends. */
  readonly reached = this.#reached.promise;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(busy: () => boolean) {
    this.#busy = busy;
  }

  /** To be called when a run has ended. */
  runEnded(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    // A run still under way calls `runEnded` when it ends.
    this.#timer = setTimeout(() => this.#busy() || this[Symbol.dispose](), restMs).unref();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== undefined) this.#reached.resolve();
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
