import { expect, test, vi } from "vitest";
import { systemClock } from "../../../../daemon/core/clock.ts";

test("the time of day is that of each millisecond, also when it goes back", () => {
  vi.useFakeTimers();
  const times = [1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_000];
  const told = times.map((at) => {
    vi.setSystemTime(at);
    return systemClock.now();
  });
  vi.useRealTimers();
  expect(told).toEqual(times.map((at) => new Date(at).toISOString()));
});
