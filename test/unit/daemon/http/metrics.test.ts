import { expect, test } from "vitest";
import { Histogram } from "../../../../daemon/core/histogram.ts";
import { metricsText } from "../../../../daemon/http/metrics.ts";
import type { Stats } from "../../../../protocol/stats.ts";

const latency = { count: 1, p50: 2, p95: 3, p99: 4 };
const stats: Stats = {
  daemon: {
    version: "1.2.3",
    pid: 1,
    startedAt: "2026-01-01T00:00:00.000Z",
    uptimeMs: 5,
    rssBytes: 6,
    heapUsedBytes: 7,
    eventLoopDelayP99Ms: 8.5,
  },
  runs: { queued: 1, connecting: 2, running: 3, ended: 4 },
  pool: {
    connections: 1,
    idle: 2,
    busy: 3,
    channels: 4,
    opened: 5,
    runs: 9,
    reused: 6,
    evicted: 7,
    failed: 8,
  },
  latency: { warm: latency, cold: latency, hosts: [] },
  cache: {
    backend: "redis",
    connected: true,
    hits: 1,
    misses: 2,
    hitRate: 0.5,
    processHits: 5,
    processMisses: 6,
    evictions: 3,
    sizeBytes: 4,
    problem: null,
  },
  store: {
    journalMode: "wal",
    sizeBytes: 1,
    runs: 2,
    pinnedRuns: 0,
    pinnedBytes: 0,
    problem: null,
    damaged: null,
  },
  streams: { open: 1, opened: 2, resumed: 3, bytesSent: 4 },
  http: { open: 1, refused: 2, requestsTimedOut: 3 },
  ssh: { nativeCrypto: false },
};
const nothing = { warm: new Histogram([]).report(), cold: new Histogram([]).report() };

test("every figure says what it is, before its value", () => {
  const lines = metricsText(stats, nothing).trim().split("\n");
  const names = lines.filter((line) => !line.startsWith("#")).map((line) => /^\w+/.exec(line)?.[0] ?? "");
  for (const name of names.filter((each) => !each.startsWith("hostrun_run_duration"))) {
    const at = lines.findIndex((line) => line.startsWith(`${name} `));
    expect(lines.slice(at - 2, at), name).toEqual([
      expect.stringMatching(new RegExp(`^# HELP ${name} [A-Z0-9].*\\.$`)),
      expect.stringMatching(new RegExp(`^# TYPE ${name} (?:counter|gauge)$`)),
    ]);
  }
  expect(lines).toContain("hostrun_cache_connected 1");
  expect(lines).toContain("hostrun_ssh_native_crypto 0");
  expect(lines).toContain("# TYPE hostrun_pool_opened_total counter");
  expect(lines).toContain("# TYPE hostrun_pool_connections gauge");
});

test("names and units are as `promtool check metrics` wants them", () => {
  const lines = metricsText(stats, nothing).trim().split("\n");
  const types = lines.flatMap((line) => (line.startsWith("# TYPE ") ? [line.split(" ").slice(2)] : []));
  for (const [name = "", type] of types) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(name).not.toMatch(/_(?:ms|count|sum|bucket|info)(?:_total)?$/);
  }
  expect(lines).toContain("hostrun_daemon_uptime_seconds 0.005");
  expect(lines).toContain("hostrun_latency_warm_runs_total 1");
  expect(lines).toContain("hostrun_latency_warm_p99_seconds 0.004");
});

test("what was not measured has no figure", () => {
  const text = metricsText({ ...stats, cache: { ...stats.cache, hitRate: null } }, nothing);
  expect(text).not.toContain("hostrun_cache_hit_rate");
  expect(text).not.toContain("wal");
});

test("how long runs took is a histogram", () => {
  const warm = new Histogram([0.1, 1]);
  for (const seconds of [0.05, 0.5, 5]) warm.observe(seconds);
  const text = metricsText(stats, { ...nothing, warm: warm.report() });
  expect(text).toContain(
    [
      "# TYPE hostrun_run_duration_seconds histogram",
      'hostrun_run_duration_seconds_bucket{connection="warm",le="0.1"} 1',
      'hostrun_run_duration_seconds_bucket{connection="warm",le="1"} 2',
      'hostrun_run_duration_seconds_bucket{connection="warm",le="+Inf"} 3',
      'hostrun_run_duration_seconds_sum{connection="warm"} 5.55',
      'hostrun_run_duration_seconds_count{connection="warm"} 3',
      'hostrun_run_duration_seconds_bucket{connection="cold",le="+Inf"} 0',
    ].join("\n"),
  );
});
