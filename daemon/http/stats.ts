import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Stats } from "../../protocol/stats.ts";
import type { ConnectionCounts } from "./connection-limit.ts";
import type { StreamMetrics } from "./stream-metrics.ts";

/** The sources of the statistics. */
export interface StatsSources {
  readonly daemon: () => Omit<Stats["daemon"], "eventLoopDelayP99Ms">;
  readonly runs: () => Stats["runs"];
  readonly pool: () => Stats["pool"];
  readonly latency: () => Stats["latency"];
  readonly cache: () => Omit<Stats["cache"], "hitRate">;
  readonly store: () => Stats["store"];
  readonly streams: StreamMetrics;
  readonly connections: ConnectionCounts;
  readonly nativeCrypto: boolean;
}

/**
 * How often the delay is measured: each time wakes the daemon, also when it is idle. Node's figures are the time from one
 * measurement to the next.
 */
const resolutionMs = 100;

/** Collects the statistics of the whole daemon, and measures the delay of the event loop. */
export function openStats(sources: StatsSources): Disposable & { readonly report: () => Stats } {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  return {
    report: () => {
      const cache = sources.cache();
      const asked = cache.hits + cache.misses;
      const { open, opened, resumed, bytesSent } = sources.streams;
      return {
        daemon: {
          ...sources.daemon(),
          eventLoopDelayP99Ms:
            delay.count > 0 ? Math.max(0, delay.percentile(99) / 1e6 - resolutionMs) : null,
        },
        runs: sources.runs(),
        pool: sources.pool(),
        latency: sources.latency(),
        cache: { ...cache, hitRate: asked === 0 ? null : cache.hits / asked },
        store: sources.store(),
        streams: { open, opened, resumed, bytesSent },
        http: { ...sources.connections },
        ssh: { nativeCrypto: sources.nativeCrypto },
      };
    },
    [Symbol.dispose]: () => void delay.disable(),
  };
}
