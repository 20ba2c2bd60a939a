/** How often the clock is read while anyone waits. The time since the last reading counts as at most this. */
const lookMs = 50;

interface Wait {
  readonly until: number;
  expired(): void;
}

/**
 * Time during which this process was able to work. While a turn of the event loop takes long, or the whole process is
 * suspended, it hardly advances: a time-out then means that another machine was silent, not that its responses lie unread
 * here.
 */
export class LoopTime {
  readonly #waits = new Set<Wait>();
  #passed = 0;
  #lookedAt = 0;
  #lagMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `expired` after that many milliseconds, rounded up to the next reading; the returned function cancels it. */
  after(ms: number, expired: () => void): () => void {
    if (this.#waits.size === 0) this.#start();
    const wait = { until: this.now() + ms, expired };
    this.#waits.add(wait);
    return () => this.#remove(wait);
  }

  /** Milliseconds from an arbitrary zero; it does not advance while nobody waits. */
  now(): number {
    return this.#passed + (this.#waits.size === 0 ? 0 : this.#sinceLook());
  }

  /** The event loop's lag at the last reading; only while anyone waits. */
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

/** The instance of this process. */
export const loopTime = new LoopTime();

/** Aborted once that many milliseconds of `loopTime` have passed, unless disposed of before. */
export function timeLimit(ms: number): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  const leave = loopTime.after(ms, () => late.abort());
  return { signal: late.signal, [Symbol.dispose]: leave };
}
