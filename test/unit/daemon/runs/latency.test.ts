import { expect, test } from "vitest";
import { LatencyRecord } from "../../../../daemon/runs/latency.ts";

const unmeasured = { queueMs: null, connectMs: null, channelMs: null, firstByteMs: null };

test("tells percentiles of the latest thousand, warm and cold apart, and nothing where none was measured", () => {
  const record = new LatencyRecord();
  const add = (totalMs: number | null, warm: boolean) =>
    record.add({ host: { name: "web1" }, reusedConnection: warm, timings: { ...unmeasured, totalMs } });
  expect(record.report()).toEqual({
    hosts: [],
    warm: { count: 0, p50: null, p95: null, p99: null },
    cold: { count: 0, p50: null, p95: null, p99: null },
  });
  add(42, false);
  add(null, false);
  expect(record.report().cold).toEqual({ count: 1, p50: 42, p95: 42, p99: 42 });
  for (let ms = 1; ms <= 100; ms += 1) add(ms, true);
  expect(record.report().warm).toEqual({ count: 100, p50: 50, p95: 95, p99: 99 });
  for (let count = 0; count < 1000; count += 1) add(7, true);
  expect(record.report().warm).toEqual({ count: 1100, p50: 7, p95: 7, p99: 7 });
});

test("tells of each host how its runs went, of the latest fifty hosts", () => {
  const record = new LatencyRecord();
  const add = (name: string, totalMs: number, warm: boolean) =>
    record.add({ host: { name }, reusedConnection: warm, timings: { ...unmeasured, totalMs } });
  add("web1", 80, false);
  add("web2", 3, true);
  for (let ms = 1; ms <= 50; ms += 1) add("web1", ms, true);
  const { hosts } = record.report();
  expect(hosts.map(({ host }) => host)).toEqual(["web1", "web2"]);
  const [web1] = hosts;
  expect(web1?.warm).toEqual({ count: 50, p50: 25, p95: 48, p99: 50 });
  expect(web1?.cold).toEqual({ count: 1, p50: 80, p95: 80, p99: 80 });
  expect(web1?.latest).toHaveLength(40);
  expect(web1?.latest.at(-1)).toEqual({ totalMs: 50, warm: true });
  const filled = web1?.buckets.warm.filter(({ count }) => count > 0);
  expect(filled).toEqual([
    { upToMs: 5, count: 5 },
    { upToMs: 10, count: 5 },
    { upToMs: 25, count: 15 },
    { upToMs: 50, count: 25 },
  ]);
  for (let number = 0; number < 49; number += 1) add(`other${number}`, 1, true);
  expect(record.report().hosts.map(({ host }) => host)).toHaveLength(50);
  expect(record.report().hosts.some(({ host }) => host === "web2")).toBe(false);
});
