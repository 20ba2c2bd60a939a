/** Long enough for what a run leaves to be done after it. */
const restMs = 1000;

/** Tells of the first moment at which a run has ended and for a second none has been under way, or it is disposed of. */
export class FirstRest implements Disposable {
  readonly #busy: () => boolean;
  readonly #come = Promise.withResolvers<void>();
  /** Never settled where no run ends. */
  readonly come = this.#come.promise;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(busy: () => boolean) {
    this.#busy = busy;
  }

  /** A run has ended. */
  runEnded(): void {
    if (this.#isOver) return;
    clearTimeout(this.#timer);
    // Who is under way still tells of its end.
    this.#timer = setTimeout(() => this.#busy() || this[Symbol.dispose](), restMs).unref();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== undefined) this.#come.resolve();
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
