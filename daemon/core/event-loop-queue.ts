import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Splits long work into steps: each turn of the event loop runs one step of everything queued, so that other work is not
 * delayed.
 */
export class EventLoopQueue {
  #last: Promise<void> = Promise.resolve();

  /** Resolves in a turn of the event loop of its own, in the order of the calls. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => nextTurn());
    return this.#last;
  }
}
