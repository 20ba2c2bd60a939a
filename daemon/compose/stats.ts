import { Problem } from "../../protocol/problem.ts";
import type { Stats } from "../../protocol/stats.ts";
import type { StatsSources } from "../http/stats.ts";
import { readOrProblem } from "../store/storage-errors.ts";
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
    store: () => ({ ...storeFigures({ database, store }), damaged: damagedStore }),
    nativeCrypto: pool.nativeCrypto,
  };
}

const unread = { journalMode: null, sizeBytes: null, runs: null, pinnedRuns: null, pinnedBytes: null };

/** A store that cannot be read says why, and leaves the rest of the statistics as they are. */
function storeFigures({
  database,
  store,
}: Pick<Services, "database" | "store">): Omit<Stats["store"], "damaged"> {
  const figures = readOrProblem(() => {
    const pinned = store.pinned();
    return {
      journalMode: database.journalMode(),
      sizeBytes: database.sizeBytes() + store.bytesInFiles(),
      runs: store.countRuns(),
      pinnedRuns: pinned.runs,
      pinnedBytes: pinned.bytes,
      problem: null,
    };
  });
  return figures instanceof Problem ? { ...unread, problem: figures.message } : figures;
}
