import { afterEach, expect, test, vi } from "vitest";
import {
  StopController,
  stopEnding,
  type StopRequest,
} from "../../../../../daemon/runs/terminate/stop-controller.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";
import { Problem } from "../../../../../protocol/problem.ts";

afterEach(() => void vi.useRealTimers());

function listening() {
  const heard: (StopRequest | "abandoned")[] = [];
  const controller = new StopController({
    stop: (request) => heard.push(request),
    abandon: () => heard.push("abandoned"),
  });
  return { heard, controller };
}

const stopped = new Problem("daemon_stopped", "The daemon stops.");

test("the first request counts: a person's", () => {
  vi.useFakeTimers();
  const { heard, controller } = listening();
  controller.limitTime(1000);
  controller.cancel(300);
  controller.cancel(900);
  vi.advanceTimersByTime(2000);
  expect(heard).toEqual([{ reason: "cancelled", graceMs: 300 }]);
  expect(controller.reason).toBe("cancelled");
});

test("the first request counts: the time limit's", () => {
  vi.useFakeTimers();
  const { heard, controller } = listening();
  controller.limitTime(1000);
  vi.advanceTimersByTime(999);
  expect(heard).toEqual([]);
  vi.advanceTimersByTime(1);
  controller.cancel(6000);
  expect(heard).toEqual([{ reason: "timedOut", graceMs: 5000 }]);
});

test("a person may shorten the grace time of a request, and not make it longer", () => {
  vi.useFakeTimers();
  const { heard, controller } = listening();
  controller.limitTime(1000);
  vi.advanceTimersByTime(1000);
  controller.cancel(5000);
  controller.cancel(200);
  vi.advanceTimersByTime(100);
  controller.cancel(100);
  controller.cancel(99);
  controller.close();
  controller.cancel(0);
  expect(heard).toEqual([5000, 200, 99].map((graceMs) => ({ reason: "timedOut", graceMs })));
});

test("a further limit takes the place of the one before it, and one longer than a timer can be is no short one", () => {
  vi.useFakeTimers();
  const { heard, controller } = listening();
  controller.limitTime(1000);
  controller.limitTime(2_592_000_000);
  vi.advanceTimersByTime(86_400_000);
  expect(heard).toEqual([]);
});

test("a command that has ended is in time, and its run can still be cancelled", () => {
  vi.useFakeTimers();
  const { heard, controller } = listening();
  controller.limitTime(1000);
  controller.endTimeLimit();
  vi.advanceTimersByTime(2000);
  expect(heard).toEqual([]);
  controller.cancel(300);
  expect(heard).toEqual([{ reason: "cancelled", graceMs: 300 }]);
});

test("a request that was withdrawn counts no more", () => {
  vi.useFakeTimers();
  const { heard, controller } = listening();
  controller.limitTime(1000);
  vi.advanceTimersByTime(1000);
  controller.withdraw();
  expect(controller.reason).toBeUndefined();
  controller.cancel(6000);
  expect(heard).toEqual([
    { reason: "timedOut", graceMs: 5000 },
    { reason: "cancelled", graceMs: 6000 },
  ]);
});

test("the daemon's end comes through after a request, and nothing after it", () => {
  vi.useFakeTimers();
  const { heard, controller } = listening();
  controller.cancel(300);
  controller.abandon(stopped);
  controller.cancel(300);
  expect(heard).toEqual([{ reason: "cancelled", graceMs: 300 }, "abandoned"]);
  const second = listening();
  second.controller.limitTime(1000);
  second.controller.abandon(stopped);
  vi.advanceTimersByTime(2000);
  expect(second.heard).toEqual(["abandoned"]);
});

test("a run that was out of time says where its limit is set", () => {
  const target = {
    name: "web1",
    address: "10.0.0.5",
    port: 22,
    user: "deploy",
    identityFiles: [],
    identitiesOnly: false,
    settings: plainHopSettings,
    hostKeyPolicy: "ask",
    jump: [],
  } as const;
  const ending = stopEnding("timedOut", { target, timeoutMs: 1500 });
  expect(ending.problem?.message).toBe(
    "The command on web1 was still running after 1.5 s and was ended. Give it more time (--timeout, timeoutMs).",
  );
});

test("nothing is requested of a run that has ended", () => {
  vi.useFakeTimers();
  const { heard, controller } = listening();
  controller.limitTime(1000);
  controller.close();
  controller.cancel(300);
  controller.limitTime(10);
  vi.advanceTimersByTime(2000);
  expect(heard).toEqual([]);
  expect(controller.reason).toBeUndefined();
});
