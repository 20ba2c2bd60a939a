/** How often is looked at the clock while anybody waits. What has passed since the look before counts as no more than this. */
const lookMs = 50;

interface Wait {
  readonly until: number;
  expired(): void;
}

/**
 * Time as this process could use it. While one turn of the event loop takes long, or the whole process stands still, hardly
 * any passes: what comes to an end by it is another machine's silence, and not answers that lie here unread.
 */
export class LoopTime {
  readonly #waits = new Set<Wait>();
  #passed = 0;
  #lookedAt = 0;
  #lagMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `expired` after so many milliseconds, to the next look; the returned function gives that up. */
  after(ms: number, expired: () => void): () => void {
    if (this.#waits.size === 0) this.#start();
    const wait = { until: this.now() + ms, expired };
    this.#waits.add(wait);
    return () => this.#remove(wait);
  }

  /** Milliseconds from an arbitrary zero; it stands still while nobody waits. */
  now(): number {
    return this.#passed + (this.#waits.size === 0 ? 0 : this.#sinceLook());
  }

  /** By how much the event loop was late at the last look; only while anybody waits. */
  get lagMs(): number {
    return this.#lagMs;
  }

  #start(): void {
    this.#lookedAt = performance.now();
    this.#lagMs = 0;
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  #sinceLook(): number {
    return Math.min(performance.now() - this.#lookedAt, lookMs);
  }

  #look(): void {
    this.#passed = this.now();
    const now = performance.now();
    this.#lagMs = Math.max(0, now - this.#lookedAt - lookMs);
    this.#lookedAt = now;
    for (const wait of this.#waits) {
      if (wait.until > this.#passed) continue;
      this.#remove(wait);
      wait.expired();
    }
  }

  #remove(wait: Wait): void {
    this.#waits.delete(wait);
    if (this.#waits.size === 0) clearInterval(this.#timer);
  }
}

/** That of this process. */
export const loopTime = new LoopTime();

/** Aborted when so many milliseconds of `loopTime` have passed, until it is disposed of. */
export function timeLimit(ms: number): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  const leave = loopTime.after(ms, () => late.abort());
  return { signal: late.signal, [Symbol.dispose]: leave };
}
