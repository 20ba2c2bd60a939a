import { afterEach, expect, test, vi } from "vitest";
import { createLog } from "../../../../daemon/core/log.ts";
import { openHousekeeping } from "../../../../daemon/runs/housekeeping.ts";

afterEach(() => vi.useRealTimers());

test("keys that a full disk does not let go of neither keep the daemon from starting nor end it later", () => {
  vi.useFakeTimers();
  const told: string[] = [];
  const forgetKeysBefore = vi.fn(() => {
    throw new Error("database or disk is full");
  });
  using _ = openHousekeeping({
    store: {
      forgetKeysBefore,
      oldestEnded: () => undefined,
      usedBytes: () => 0,
      sweepFiles: () => Promise.resolve(),
    },
    engine: { counts: () => ({ queued: 0, connecting: 0, running: 0 }) },
    settings: () => ({ idleExitMs: 0, historyDays: 30, historyMaxBytes: 1e9 }),
    log: createLog(
      () => "warn",
      (line) => told.push(line),
    ),
    forget: () => Promise.resolve(),
    quietMs: () => 0,
    onIdle: () => undefined,
  });
  expect(forgetKeysBefore).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(2 * 3_600_000);
  expect(forgetKeysBefore).toHaveBeenCalledTimes(3);
  expect(told.filter((line) => line.includes("disk is full"))).toHaveLength(3);
});
