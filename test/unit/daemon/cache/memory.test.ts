import { afterEach, expect, test, vi } from "vitest";
import { createMemoryCache } from "../../../../daemon/cache/memory.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("keeps a value for its time, and counts", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let now = 1000;
  const pass = (ms: number): void => {
    now += ms;
    vi.advanceTimersByTime(ms);
  };
  vi.spyOn(performance, "now").mockImplementation(() => now);
  await using cache = createMemoryCache();
  expect(await cache.get("result:a")).toBeUndefined();
  await cache.set("result:a", "1", 60_000);
  await cache.set("result:short", "2", 20);
  pass(20);
  expect(await cache.get("result:a")).toBe("1");
  expect(await cache.get("result:short")).toBe("2");
  pass(1);
  expect(await cache.get("result:short")).toBeUndefined();
  await cache.delete("result:a");
  expect(await cache.get("result:a")).toBeUndefined();
  expect(cache.metrics()).toMatchObject({
    backend: "memory",
    connected: true,
    hits: 2,
    misses: 3,
    processHits: 0,
    processMisses: 0,
    evictions: 0,
  });
});

test("is bounded in entries and bytes", async () => {
  await using cache = createMemoryCache();
  for (let count = 0; count < 10_001; count += 1) await cache.set(`key-${count}`, "v", 60_000);
  expect(await cache.get("key-0")).toBeUndefined();
  expect(await cache.get("key-10000")).toBe("v");
  await cache.set("big", "x".repeat(17 * 1024 * 1024), 60_000);
  expect(await cache.get("big")).toBeUndefined();
  expect(cache.metrics().evictions).toBe(1);
  for (let count = 0; count < 40; count += 1) await cache.set(`large-${count}`, "x".repeat(500_000), 60_000);
  expect(cache.metrics().sizeBytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(cache.metrics().sizeBytes).toBeGreaterThan(14 * 1024 * 1024);
});
