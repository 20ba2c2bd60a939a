import type { Run } from "../../protocol/run.ts";
import type { Latency } from "../../protocol/stats.ts";
import { Histogram, type HistogramReport } from "../core/histogram.ts";

const latestRuns = 1000;
/** In seconds: from a warm connection on this machine to what somebody waits for. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

/** Whole times of the latest runs that exited, apart by whether a connection was there already. */
export class LatencyRecord {
  readonly #times: Record<"warm" | "cold", number[]> = { warm: [], cold: [] };
  readonly #counts = { warm: 0, cold: 0 };
  readonly #durations = { warm: new Histogram(durationBounds), cold: new Histogram(durationBounds) };

  add(run: Pick<Run, "reusedConnection" | "timings">): void {
    const { totalMs } = run.timings;
    if (totalMs === null) return;
    const kind = run.reusedConnection ? "warm" : "cold";
    this.#times[kind][this.#counts[kind] % latestRuns] = totalMs;
    this.#counts[kind]++;
    this.#durations[kind].observe(totalMs / 1000);
  }

  report(): { warm: Latency; cold: Latency } {
    return { warm: this.#report("warm"), cold: this.#report("cold") };
  }

  /** Of all runs since the daemon started, in seconds. */
  durations(): Record<"warm" | "cold", HistogramReport> {
    return { warm: this.#durations.warm.report(), cold: this.#durations.cold.report() };
  }

  #report(kind: "warm" | "cold"): Latency {
    const sorted = this.#times[kind].toSorted((a, b) => a - b);
    const at = (share: number): number | null => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
    return { count: this.#counts[kind], p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}
