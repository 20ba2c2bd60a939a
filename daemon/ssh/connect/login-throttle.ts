import { type LoopTime, loopTime } from "../../core/loop-time.ts";
import { WaitQueue } from "./wait-queue.ts";

/** This many logins may always run at once. */
const minAtOnce = 16;
/** More are started only while the event loop's lag is at most this. */
const maxLagMs = 50;
/** How often the lag is checked, and how many logins are started then. */
const lookMs = 50;
const step = 8;

/**
 * Allows as many concurrent logins, to any servers, as the event loop keeps up with; the others wait in order. Each takes
 * several turns of the loop and some ten milliseconds of work: with hundreds at once, the servers would get our replies
 * too late.
 */
export class LoginThrottle {
  readonly #loop: Pick<LoopTime, "after" | "lagMs">;
  readonly #waiting = new WaitQueue();
  #active = 0;
  #looks = false;

  constructor(loop: Pick<LoopTime, "after" | "lagMs"> = loopTime) {
    this.#loop = loop;
  }

  /** Resolves with a Disposable that frees the place, to be disposed of once; rejects with the signal's reason. */
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
      // At least one, since the active logins may all be with silent servers.
      const admitted = this.#loop.lagMs <= maxLagMs ? step : 1;
      for (let count = 0; count < admitted; count += 1) this.#admit();
      if (this.#waiting.size > 0) this.#lookSoon();
    });
  }
}
