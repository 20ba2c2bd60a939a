import { setTimeout as delay } from "node:timers/promises";
import { backOffMs } from "../../core/back-off.ts";

const pauses = { firstMs: 200, maxMs: 10_000 };
/** How long to look for a host that cannot be reached. */
const searchMs = 24 * 3_600_000;

/** Decides how long to look for a host, and how often. */
export class ReconnectBackoff {
  #reachedAt = performance.now();
  #failures = 0;

  /** To be called when the host has answered. */
  reset(): void {
    this.#reachedAt = performance.now();
  }

  /** Records an attempt; `further`: whether it brought anything new. */
  record(further: boolean): void {
    this.#failures = further ? 0 : this.#failures + 1;
  }

  get exhausted(): boolean {
    return performance.now() - this.#reachedAt > searchMs;
  }

  /** Waits before the next attempt, longer each time, at most until one of the signals is aborted. */
  async pause(signals: AbortSignal[]): Promise<void> {
    const ms = backOffMs(this.#failures + 1, pauses);
    await delay(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined);
  }
}
