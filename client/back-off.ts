const firstMs = 20;
const maxMs = 1000;

/** An exponential back-off with jitter, until `reset`; it reports when it is time to give up. */
export class BackOff {
  readonly #giveUpAfterMs: number;
  #attempts = 0;
  #since = 0;

  /** `giveUpAfterMs` counts from the first failure after a success. */
  constructor(giveUpAfterMs: number) {
    this.#giveUpAfterMs = giveUpAfterMs;
  }

  reset(): void {
    this.#attempts = 0;
  }

  /**
   * Waits before the next attempt; false when it is time to give up. Rejects with an AbortError when `signal` is
   * aborted.
   */
  async next(signal?: AbortSignal): Promise<boolean> {
    if (this.#attempts === 0) this.#since = performance.now();
    else if (performance.now() - this.#since >= this.#giveUpAfterMs) return false;
    const { setTimeout: wait } = await import("node:timers/promises");
    const span = Math.min(maxMs, firstMs * 2 ** this.#attempts);
    this.#attempts += 1;
    await wait(span * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal });
    return true;
  }
}
