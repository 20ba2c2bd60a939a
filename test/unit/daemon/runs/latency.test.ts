import { expect, test } from "vitest";
import { LatencyRecord } from "../../../../daemon/runs/latency.ts";

const unmeasured = { queueMs: null, connectMs: null, channelMs: null, firstByteMs: null };

test("tells percentiles of the latest thousand, warm and cold apart, and nothing where none was measured", () => {
  const record = new LatencyRecord();
  const add = (totalMs: number | null, warm: boolean) =>
    record.add({ reusedConnection: warm, timings: { ...unmeasured, totalMs } });
  expect(record.report()).toEqual({
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
