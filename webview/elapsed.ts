/** `00:04.2`; from an hour on `1:02:03`. Without tenths if motion is reduced. */
export function formatElapsed(ms: number, tenths = true): string {
  const whole = Math.max(0, Math.floor(ms / 100));
  const seconds = Math.floor(whole / 10);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = two(Math.floor(seconds / 60) % 60);
  if (hours > 0) return `${hours}:${minutes}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}${tenths ? `.${whole % 10}` : ""}`;
}

/** Counts from an instant on and reports the elapsed milliseconds until it is stopped. */
export class ElapsedTicker {
  readonly #onTick: (ms: number) => void;
  #startedAt = 0;
  #timer: number | undefined;

  constructor(onTick: (ms: number) => void) {
    this.#onTick = onTick;
  }

  /** `elapsedMs` have already elapsed; `everyMs` is the interval between reports. */
  start(elapsedMs: number, everyMs: number): void {
    this.#clear();
    this.#startedAt = performance.now() - elapsedMs;
    this.#onTick(elapsedMs);
    this.#timer = window.setInterval(() => this.#onTick(performance.now() - this.#startedAt), everyMs);
  }

  /** Stops, and reports `ms` once more. */
  stop(ms: number): void {
    this.#clear();
    this.#onTick(ms);
  }

  #clear(): void {
    window.clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
