import type { Run } from "../../protocol/run.ts";
import type { HostLatency, Latency, Stats } from "../../protocol/stats.ts";
import { Histogram, type HistogramReport } from "../core/histogram.ts";

const latestRuns = 1000;
const latestRunsOfHost = 200;
const shownRunsOfHost = 40;
/** Beyond this, the hosts used least recently are dropped. */
const maxHosts = 50;
/** In seconds: from a warm connection on this machine to the longest time that somebody waits. */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

type Kind = "warm" | "cold";
type TimedRun = Pick<Run, "reusedConnection" | "timings"> & { readonly host: Pick<Run["host"], "name"> };

/** Total times of the latest runs that exited, separately for reused and new connections. */
export class LatencyRecord {
  readonly #times = { warm: new Times(latestRuns), cold: new Times(latestRuns) };
  /** By host name, the most recently used last. */
  readonly #hosts = new Map<string, HostTimes>();

  add({ host, reusedConnection, timings }: TimedRun): void {
    const { totalMs } = timings;
    if (totalMs === null) return;
    const kind = reusedConnection ? "warm" : "cold";
    this.#times[kind].add(totalMs);
    const ofHost = this.#hosts.get(host.name) ?? new HostTimes();
    this.#hosts.delete(host.name);
    this.#hosts.set(host.name, ofHost);
    ofHost.add(kind, totalMs);
    const [oldest] = this.#hosts.keys();
    if (this.#hosts.size > maxHosts && oldest !== undefined) this.#hosts.delete(oldest);
  }

  /** Most recently used hosts first. */
  report(): Stats["latency"] {
    const hosts = [...this.#hosts].reverse().map(([host, times]) => ({ host, ...times.report() }));
    return { warm: this.#times.warm.report(), cold: this.#times.cold.report(), hosts };
  }

  /** Durations of all runs since the daemon started, in seconds. */
  durations(): Record<Kind, HistogramReport> {
    return { warm: this.#times.warm.durations(), cold: this.#times.cold.durations() };
  }
}

/** The latest durations, and a histogram of all of them. */
class Times {
  readonly #kept: number;
  readonly #latest: number[] = [];
  readonly #durations = new Histogram(durationBounds);
  #count = 0;

  constructor(kept: number) {
    this.#kept = kept;
  }

  add(ms: number): void {
    this.#latest[this.#count % this.#kept] = ms;
    this.#count += 1;
    this.#durations.observe(ms / 1000);
  }

  report(): Latency {
    const sorted = this.#latest.toSorted((a, b) => a - b);
    const at = (share: number): number | null => sorted[Math.ceil(sorted.length * share) - 1] ?? null;
    return { count: this.#count, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }

  durations(): HistogramReport {
    return this.#durations.report();
  }
}

class HostTimes {
  readonly #times = { warm: new Times(latestRunsOfHost), cold: new Times(latestRunsOfHost) };
  readonly #latest: HostLatency["latest"][number][] = [];

  add(kind: Kind, ms: number): void {
    this.#times[kind].add(ms);
    this.#latest.push({ totalMs: ms, warm: kind === "warm" });
    if (this.#latest.length > shownRunsOfHost) this.#latest.shift();
  }

  report(): Omit<HostLatency, "host"> {
    const { warm, cold } = this.#times;
    const buckets = { warm: bucketsOf(warm.durations()), cold: bucketsOf(cold.durations()) };
    return { warm: warm.report(), cold: cold.report(), latest: [...this.#latest], buckets };
  }
}

/** Counts per bucket, whereas Prometheus' buckets are cumulative. */
function bucketsOf({ buckets, count }: HistogramReport): HostLatency["buckets"]["warm"] {
  const all = [
    ...buckets.map((each) => ({ upToMs: each.bound * 1000, count: each.count })),
    { upToMs: null, count },
  ];
  return all.map((each, at) => ({ ...each, count: each.count - (all[at - 1]?.count ?? 0) }));
}
