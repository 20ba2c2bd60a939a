import { formatBytes } from "./size.ts";
import { formatSpan } from "./span.ts";
import type { Connection, Latency, Stats } from "./stats.ts";

/** A name and its value, formatted for a person. */
export type Metric = readonly [name: string, value: string];

export interface MetricGroup {
  readonly title: string;
  readonly metrics: readonly Metric[];
}

/**
 * The metrics that the dashboard and `hostrun top` show for the daemon as a whole. Those not measured yet are labelled
 * so.
 */
export function metricGroups(stats: Stats, connections: readonly Connection[]): MetricGroup[] {
  const { daemon, runs, pool, latency, store, streams, http } = stats;
  return [
    {
      title: "Daemon",
      metrics: [
        ["Version", daemon.version],
        ["Process", String(daemon.pid)],
        ["Uptime", formatSpan(daemon.uptimeMs)],
        ["Memory", `${formatBytes(daemon.rssBytes)}, ${formatBytes(daemon.heapUsedBytes)} of JavaScript`],
        ["Event loop p99", measured(daemon.eventLoopDelayP99Ms, formatSpan)],
      ],
    },
    {
      title: "Runs",
      metrics: [
        ["Now", `${runs.running} running, ${runs.connecting} connecting, ${runs.queued} queued`],
        ["Ended", String(runs.ended)],
        ["Warm", latencyText(latency.warm)],
        ["Cold", latencyText(latency.cold)],
      ],
    },
    {
      title: "Connections",
      metrics: [
        ["Open", `${pool.connections}: ${pool.busy} busy, ${pool.idle} idle`],
        ["Channels", String(pool.channels)],
        ["Opened", `${pool.opened}, ${pool.failed} failed, ${pool.evicted} closed unused`],
        ["Reuse rate", reuseText(pool)],
        ["Transport", countsOf(connections, ({ transport }) => transport)],
        ["Cipher", countsOf(connections, ({ cipher }) => cipher)],
        ["Key exchange", countsOf(connections, ({ kex }) => kex)],
      ],
    },
    { title: "Cache", metrics: cacheMetrics(stats.cache) },
    {
      title: "Store",
      metrics: storeMetrics(store),
    },
    {
      title: "Clients",
      metrics: [
        ["Streams", `${streams.open} open, ${streams.opened} opened, ${streams.resumed} resumed`],
        ["Sent", formatBytes(streams.bytesSent)],
        ["Connections", `${http.open} open, ${http.refused} refused`],
      ],
    },
  ];
}

const notYet = "not measured yet";

export function latencyText({ count, p50, p99 }: Latency): string {
  return count === 0 ? "none yet" : `${count}, median ${formatSpan(p50)}, p99 ${formatSpan(p99)}`;
}

function measured(value: number | null, text: (value: number) => string): string {
  return value === null ? notYet : text(value);
}

/** The share of runs whose connection was open already. */
function reuseText({ runs, reused }: Stats["pool"]): string {
  return runs === 0 ? "no runs yet" : `${share(reused, runs)} (${reused} of ${runs})`;
}

function cacheMetrics(cache: Stats["cache"]): Metric[] {
  const { hits, misses, hitRate, evictions, sizeBytes } = cache;
  const lookUps = hits + misses;
  return [
    ["Backend", backendText(cache)],
    ["Hit rate", hitRate === null ? "no look-ups yet" : `${share(hits, lookUps)} (${hits} of ${lookUps})`],
    ["In memory", `${formatBytes(sizeBytes)}, ${evictions} evicted`],
  ];
}

function storeMetrics({ runs, sizeBytes, journalMode, problem, damaged }: Stats["store"]): Metric[] {
  return [
    ...(problem === null ? [] : [["Problem", problem] satisfies Metric]),
    ...(runs === null ? [] : [["Runs", String(runs)] satisfies Metric]),
    ...(sizeBytes === null ? [] : [["Size", formatBytes(sizeBytes)] satisfies Metric]),
    ...(journalMode === null ? [] : [["Journal", journalMode] satisfies Metric]),
    ...(damaged === null ? [] : [["Damaged", damaged] satisfies Metric]),
  ];
}

function backendText({ backend, connected, problem }: Stats["cache"]): string {
  if (backend === "memory") return "memory";
  if (!connected) return `Redis, away${problem === null ? "" : ` (${problem})`}: kept in memory meanwhile`;
  return problem === null
    ? "Redis, connected"
    : `Redis, which refuses (${problem}): kept in memory meanwhile`;
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

/** "3 × aes128-gcm, 1 × chacha20". */
function countsOf(connections: readonly Connection[], of: (connection: Connection) => string | null): string {
  const counts = new Map<string, number>();
  for (const name of connections.map(of)) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (counts.size === 0) return "none in use";
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => (counts.size === 1 ? name : `${count} × ${name}`))
    .join(", ");
}
