import { setImmediate as nextTurn } from "node:timers/promises";

/** Long work in steps: one step of all that wait in each turn of the event loop, so that nothing else waits for it. */
export class EventLoopQueue {
  #last: Promise<void> = Promise.resolve();

  /** Resolves in a turn of the event loop that is the caller's own, in the order of the calls. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => nextTurn());
    return this.#last;
  }
}
