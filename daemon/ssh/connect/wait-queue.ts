import { abortReason } from "../failure.ts";

/** Callers that wait for their turn, first come first served. */
export class WaitQueue {
  readonly #waiting = new Set<() => void>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves when it is the caller's turn; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abort = (): void => {
        this.#waiting.delete(go);
        reject(abortReason(signal));
      };
      const go = (): void => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      this.#waiting.add(go);
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  /** Gives the first caller its turn; false if nobody waits. */
  next(): boolean {
    const [first] = this.#waiting;
    if (first === undefined) return false;
    this.#waiting.delete(first);
    first();
    return true;
  }
}
