import { expect, test } from "vitest";
import { openStats, type StatsSources } from "../../../../daemon/http/stats.ts";
import { StreamMetrics } from "../../../../daemon/http/stream-metrics.ts";

const latency = { count: 0, p50: null, p95: null, p99: null };
const sources: StatsSources = {
  daemon: () => ({
    version: "1.2.3",
    pid: 1,
    startedAt: "2026-01-01T00:00:00.000Z",
    uptimeMs: 0,
    rssBytes: 0,
    heapUsedBytes: 0,
  }),
  runs: () => ({ queued: 0, connecting: 0, running: 0, ended: 0 }),
  pool: () => ({
    connections: 0,
    idle: 0,
    busy: 0,
    channels: 0,
    opened: 0,
    runs: 0,
    reused: 0,
    evicted: 0,
    failed: 0,
  }),
  latency: () => ({ warm: latency, cold: latency, hosts: [] }),
  cache: () => ({
    backend: "memory",
    connected: true,
    hits: 0,
    misses: 0,
    processHits: 0,
    processMisses: 0,
    evictions: 0,
    sizeBytes: 0,
    problem: null,
  }),
  store: () => ({
    journalMode: "wal",
    sizeBytes: 0,
    runs: 0,
    pinnedRuns: 0,
    pinnedBytes: 0,
    problem: null,
    damaged: null,
  }),
  streams: new StreamMetrics(),
  connections: { open: 0, refused: 0, requestsTimedOut: 0 },
  nativeCrypto: true,
};

test("an event loop that is idle has no delay", async () => {
  using stats = openStats(sources);
  const delayMs = (): number | null => stats.report().daemon.eventLoopDelayP99Ms;
  expect(delayMs()).toBeNull();
  // Node's own figure is never less than the 100 ms between two of its measurements.
  await expect.poll(() => delayMs() ?? Infinity, { timeout: 20_000 }).toBeLessThan(15);
});

test("an event loop that was blocked was delayed by that time", async () => {
  using stats = openStats(sources);
  const delayMs = (): number | null => stats.report().daemon.eventLoopDelayP99Ms;
  // Node measures from the second time on.
  await expect.poll(delayMs).not.toBeNull();
  const until = performance.now() + 1000;
  while (performance.now() < until);
  await expect.poll(delayMs).toBeGreaterThan(850);
});
