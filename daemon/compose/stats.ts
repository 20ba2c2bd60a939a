import type { StatsSources } from "../http/stats.ts";
import type { DaemonContext } from "./context.ts";
import type { Services } from "./services.ts";

/** The sources of all metrics except those of HTTP itself. */
export function statsSources(
  context: DaemonContext,
  services: Services,
): Omit<StatsSources, "streams" | "connections"> {
  const { version, pid, startedAt, clock } = context;
  const { database, store, cache, pool, latency, totals, engine, damagedStore } = services;
  const beganAt = clock.elapsed();
  return {
    daemon: () => {
      const { rss, heapUsed } = context.memory();
      const uptimeMs = Math.round(clock.elapsed() - beganAt);
      return { version, pid, startedAt, uptimeMs, rssBytes: rss, heapUsedBytes: heapUsed };
    },
    runs: () => ({ ...engine.counts(), ended: totals.ended }),
    pool: () => ({ ...pool.metrics(), ...totals.connected }),
    latency: () => latency.report(),
    cache: () => cache.metrics(),
    store: () => {
      const pinned = store.pinned();
      return {
        journalMode: database.journalMode(),
        sizeBytes: database.sizeBytes() + store.bytesInFiles(),
        runs: store.countRuns(),
        pinnedRuns: pinned.runs,
        pinnedBytes: pinned.bytes,
        damaged: damagedStore,
      };
    },
    nativeCrypto: pool.nativeCrypto,
  };
}
