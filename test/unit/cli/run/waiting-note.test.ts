import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WaitingNote } from "../../../../cli/run/waiting-note.ts";

const told: string[] = [];
const state = "running";
const full = { state, message: "The disk is full" } as const;
const away = { state, message: "Reconnecting to web1", reconnecting: true } as const;
const back = { state, message: "Reconnected to web1" } as const;

beforeEach(() => {
  told.length = 0;
  vi.useFakeTimers();
  vi.stubEnv("NO_COLOR", "1");
  vi.spyOn(process.stderr, "write").mockImplementation((text) => told.push(String(text)) > 0);
  Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  Reflect.deleteProperty(process.stderr, "isTTY");
});

function runningNote(): WaitingNote {
  const note = new WaitingNote();
  note.status({ state: "connecting", message: "Connecting to web1" });
  note.status({ state, message: "Connected to web1" });
  return note;
}

test("a command that is only silent is not told of", () => {
  runningNote();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
});

test("what a command waits for is told after 5 s, once", () => {
  runningNote().status(full);
  vi.advanceTimersByTime(4999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(["hostrun: The disk is full.\n"]);
});

test("output that comes, and the end, make it untrue", () => {
  const note = runningNote();
  note.status(full);
  note.stop();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
});

test("that the host is back is told where it was told to be away", () => {
  const note = runningNote();
  note.status(away);
  note.status(back);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
  note.status(away);
  vi.advanceTimersByTime(5000);
  note.status(back);
  vi.advanceTimersByTime(5000);
  expect(told).toEqual(["hostrun: Reconnecting to web1.\n", "hostrun: Reconnected to web1.\n"]);
});

test("nobody is told where there is no terminal", () => {
  Object.defineProperty(process.stderr, "isTTY", { value: false, configurable: true });
  runningNote().status(full);
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
});
