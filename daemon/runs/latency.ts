import type { Run } from "../../protocol/run.ts";
import type { Latency } from "../../protocol/stats.ts";

const kept = 1000;

/** Whole times of the latest runs that exited, apart by whether a connection was there already. */
export class LatencyRecord {
  readonly #times: Record<"warm" | "cold", number[]> = { warm: [], cold: [] };
  readonly #counts = { warm: 0, cold: 0 };

  add(run: Pick<Run, "reusedConnection" | "timings">): void {
    const { totalMs } = run.timings;
    if (totalMs === null) return;
    const kind = run.reusedConnection ? "warm" : "cold";
    this.#times[kind][this.#counts[kind] % kept] = totalMs;
    this.#counts[kind]++;
  }

  report(): { warm: Latency; cold: Latency } {
    return { warm: this.#report("warm"), cold: this.#report("cold") };
  }

  #report(kind: "warm" | "cold"): Latency {
    const sorted = this.#times[kind].toSorted((a, b) => a - b);
    const at = (share: number): number | null => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
    return { count: this.#counts[kind], p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}
