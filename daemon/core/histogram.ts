/** Counts values by upper bounds, cumulatively as in a Prometheus histogram: each bucket includes the smaller ones. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** `bounds` are inclusive and ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    for (const [at, bound] of this.#bounds.entries()) {
      if (value <= bound) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    }
  }

  report(): HistogramReport {
    const buckets = this.#bounds.map((bound, at) => ({ bound, count: this.#counts[at] ?? 0 }));
    return { buckets, sum: this.#sum, count: this.#count };
  }
}

export interface HistogramReport {
  readonly buckets: readonly { readonly bound: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}
