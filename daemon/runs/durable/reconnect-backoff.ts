import { setTimeout as delay } from "node:timers/promises";
import { backOffMs } from "../../core/back-off.ts";

const pauses = { firstMs: 200, maxMs: 10_000 };
/** How long a host that cannot be reached is looked for. */
const searchMs = 24 * 3_600_000;

/** How long a host is looked for, and how often. */
export class ReconnectBackoff {
  #reachedAt = performance.now();
  #failures = 0;

  /** The host has answered. */
  reset(): void {
    this.#reachedAt = performance.now();
  }

  /** An attempt is over that brought something new, or did not. */
  record(further: boolean): void {
    this.#failures = further ? 0 : this.#failures + 1;
  }

  get exhausted(): boolean {
    return performance.now() - this.#reachedAt > searchMs;
  }

  /** Waits until the next attempt, longer each time; no longer than until one of the signals is aborted. */
  async pause(signals: AbortSignal[]): Promise<void> {
    const ms = backOffMs(this.#failures + 1, pauses);
    await delay(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined);
  }
}
