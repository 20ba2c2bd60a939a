import { type LoopTime, loopTime } from "../../core/loop-time.ts";
import { WaitQueue } from "./wait-queue.ts";

/** So many logins go on at once in any case. */
const minAtOnce = 16;
/** More of them begin while the event loop is late by no more than this. */
const maxLagMs = 50;
/** How often it is looked for that, and how many begin then. */
const lookMs = 50;
const step = 8;

/**
 * Lets as many logins go on at once, to whichever servers, as the event loop keeps up with; the others wait in order. Each is
 * several turns of the loop and some ten milliseconds of work: hundreds at once would answer their servers too late.
 */
export class LoginThrottle {
  readonly #loop: Pick<LoopTime, "after" | "lagMs">;
  readonly #waiting = new WaitQueue();
  #active = 0;
  #looks = false;

  constructor(loop: Pick<LoopTime, "after" | "lagMs"> = loopTime) {
    this.#loop = loop;
  }

  /** Resolves with what gives the place back, to be disposed of once; rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<Disposable> {
    if (this.#waiting.size > 0 || !this.#hasRoom()) {
      const turn = this.#waiting.wait(signal);
      this.#lookSoon();
      await turn;
    } else this.#active += 1;
    return {
      [Symbol.dispose]: () => {
        this.#active -= 1;
        if (this.#hasRoom()) this.#admit();
      },
    };
  }

  #hasRoom(): boolean {
    return this.#active < minAtOnce || this.#loop.lagMs <= maxLagMs;
  }

  #admit(): void {
    if (this.#waiting.next()) this.#active += 1;
  }

  #lookSoon(): void {
    if (this.#looks) return;
    this.#looks = true;
    this.#loop.after(lookMs, () => {
      this.#looks = false;
      // One in any case: those that go on may be with servers that say nothing.
      const admitted = this.#loop.lagMs <= maxLagMs ? step : 1;
      for (let count = 0; count < admitted; count += 1) this.#admit();
      if (this.#waiting.size > 0) this.#lookSoon();
    });
  }
}
