/** Measured values, in order. */
export class Samples {
  readonly #values: number[] = [];

  add(value: number): void {
    this.#values.push(value);
  }

  get count(): number {
    return this.#values.length;
  }

  /** How many are at least `limit`. */
  from(limit: number): number {
    return this.#values.filter((value) => value >= limit).length;
  }

  /** The quantile `q` (nearest rank); NaN if there are no values. */
  quantile(q: number): number {
    const sorted = this.#values.toSorted((one, other) => one - other);
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
  }

  get median(): number {
    return this.quantile(0.5);
  }

  /** The interquartile range as a share of the median: how much the values vary within this run. */
  get spread(): number {
    return (this.quantile(0.75) - this.quantile(0.25)) / this.median;
  }
}
