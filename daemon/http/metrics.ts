import type { Stats } from "../../protocol/stats.ts";
import type { HistogramReport } from "../core/histogram.ts";

/** Total times of runs that exited, in seconds. */
export type RunDurations = Readonly<Record<"warm" | "cold", HistogramReport>>;

type Kind = "counter" | "gauge";
type Description = readonly [kind: Kind, help: string, name?: string];

/**
 * Descriptions of the numbers in `Stats`, by path, which is also the name unless another one is given. A number without
 * a description is exported without one.
 */
const descriptions: Readonly<Record<string, Description>> = {
  hostrun_daemon_pid: ["gauge", "Process id of the daemon."],
  hostrun_daemon_uptime_ms: ["gauge", "Time since the daemon started."],
  hostrun_daemon_rss_bytes: ["gauge", "Resident memory of the daemon."],
  hostrun_daemon_heap_used_bytes: ["gauge", "JavaScript heap in use."],
  hostrun_daemon_event_loop_delay_p99_ms: [
    "gauge",
    "99th percentile of the event loop's delay since the daemon started.",
  ],
  hostrun_runs_queued: ["gauge", "Runs waiting to be admitted."],
  hostrun_runs_connecting: ["gauge", "Runs waiting for a connection."],
  hostrun_runs_running: ["gauge", "Runs whose command is running."],
  hostrun_runs_ended: ["counter", "Runs that have ended since the daemon started."],
  hostrun_pool_connections: ["gauge", "Open SSH connections."],
  hostrun_pool_idle: ["gauge", "Idle SSH connections."],
  hostrun_pool_busy: ["gauge", "SSH connections in use."],
  hostrun_pool_channels: ["gauge", "Sessions open on SSH connections."],
  hostrun_pool_opened: ["counter", "SSH connections that were opened."],
  hostrun_pool_runs: ["counter", "Runs that were given a connection."],
  hostrun_pool_reused: ["counter", "Runs that reused a connection."],
  hostrun_pool_evicted: ["counter", "Idle SSH connections that were closed."],
  hostrun_pool_failed: ["counter", "SSH connections that could not be opened."],
  ...latencies("warm", "that reused a connection"),
  ...latencies("cold", "that waited for a new connection"),
  hostrun_cache_connected: ["gauge", "Whether the cache answers: 1, or 0."],
  hostrun_cache_hits: ["counter", "Look-ups of results that the cache answered."],
  hostrun_cache_misses: ["counter", "Look-ups of results that the cache did not answer."],
  hostrun_cache_hit_rate: ["gauge", "Share of look-ups of results that the cache answered, 0 to 1."],
  hostrun_cache_process_hits: ["counter", "Look-ups of a run's process that the cache answered."],
  hostrun_cache_process_misses: ["counter", "Look-ups of a run's process that the cache did not answer."],
  hostrun_cache_evictions: ["counter", "Entries evicted from the embedded cache to make room."],
  hostrun_cache_size_bytes: ["gauge", "Size of the entries in the embedded cache."],
  hostrun_store_size_bytes: ["gauge", "Size of the history on disk."],
  hostrun_store_runs: ["gauge", "Runs in the history."],
  hostrun_store_pinned_runs: ["gauge", "Pinned runs in the history."],
  hostrun_store_pinned_bytes: ["gauge", "Recorded output of pinned runs."],
  hostrun_streams_open: ["gauge", "Open event streams."],
  hostrun_streams_opened: ["counter", "Event streams that were opened."],
  hostrun_streams_resumed: ["counter", "Event streams that resumed an earlier one."],
  hostrun_streams_bytes_sent: ["counter", "Bytes sent over event streams."],
  hostrun_http_open: ["gauge", "Connections of clients."],
  hostrun_http_refused: ["counter", "Connections of clients refused since too many were open."],
  hostrun_http_requests_timed_out: ["counter", "Requests ended because their body was not received in time."],
  hostrun_ssh_native_crypto: ["gauge", "Whether SSH is decoded by a native binding: 1, or 0."],
};

function latencies(kind: string, which: string): Record<string, Description> {
  const name = `hostrun_latency_${kind}`;
  return {
    [`${name}_count`]: ["counter", `Runs that exited, ${which}.`, `${name}_runs`],
    [`${name}_p50`]: ["gauge", `Median of the total time of the latest runs ${which}.`, `${name}_p50_ms`],
    [`${name}_p95`]: [
      "gauge",
      `95th percentile of the total time of the latest runs ${which}.`,
      `${name}_p95_ms`,
    ],
    [`${name}_p99`]: [
      "gauge",
      `99th percentile of the total time of the latest runs ${which}.`,
      `${name}_p99_ms`,
    ],
  };
}

/**
 * The metrics in Prometheus' text format (version 0.0.4), `hostrun_pool_connections 3`, with the durations of runs as a
 * histogram. Names follow Prometheus' conventions: counters end in `_total`, and times are in seconds. Text, lists and
 * values not measured yet are left out.
 */
export function metricsText(stats: Stats, durations: RunDurations): string {
  const lines: string[] = [];
  const walk = (name: string, value: unknown): void => {
    if (typeof value === "number") lines.push(...figure(name, value));
    else if (typeof value === "boolean") lines.push(...figure(name, value ? 1 : 0));
    else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [part, inner] of Object.entries(value)) walk(`${name}_${snakeCase(part)}`, inner);
    }
  };
  walk("hostrun", stats);
  return `${[...lines, ...durationLines(durations)].join("\n")}\n`;
}

function figure(path: string, value: number): string[] {
  const [kind, help, own = path] = descriptions[path] ?? [];
  const isTime = own.endsWith("_ms");
  const name = own.replace(/_ms$/, "_seconds") + (kind === "counter" ? "_total" : "");
  const described = help === undefined ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`];
  return [...described, `${name} ${isTime ? value / 1000 : value}`];
}

function durationLines(durations: RunDurations): string[] {
  const name = "hostrun_run_duration_seconds";
  return [
    `# HELP ${name} Total time of runs that exited, by whether they reused a connection.`,
    `# TYPE ${name} histogram`,
    ...Object.entries(durations).flatMap(([connection, { buckets, sum, count }]) => [
      ...buckets.map((each) => `${name}_bucket{connection="${connection}",le="${each.bound}"} ${each.count}`),
      `${name}_bucket{connection="${connection}",le="+Inf"} ${count}`,
      `${name}_sum{connection="${connection}"} ${sum}`,
      `${name}_count{connection="${connection}"} ${count}`,
    ]),
  ];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
