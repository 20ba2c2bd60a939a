/** Timers that are cleared together. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>();

  start(ms: number, elapsed: () => void): void {
    this.#running.add(setTimeout(elapsed, ms));
  }

  clear(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
