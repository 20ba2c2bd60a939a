import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunBytesEvent } from "../../../client/run-events.ts";
import { StartedRuns } from "../../../extension/daemon/started-runs.ts";
import { run } from "../../support/panel-messages.ts";

const timestamp = "2026-01-01T00:00:00.000Z";
const base = { runId: run.id, timestamp };
const events: readonly RunBytesEvent[] = [
  { type: "init", ...base, run },
  { type: "status", ...base, state: "running", message: "Running" },
  { type: "output", stream: "stdout", bytes: Buffer.from("out"), timestamp },
];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A run's events as the daemon sends them, and the signal that ends them. */
function openRun() {
  const seen: { signal: AbortSignal | undefined } = { signal: undefined };
  async function* open(signal: AbortSignal): AsyncGenerator<RunBytesEvent, void, undefined> {
    seen.signal = signal;
    for (const event of events) {
      signal.throwIfAborted();
      yield event;
    }
  }
  return { open, seen };
}

const typesOf = async (source: AsyncIterable<RunBytesEvent> | undefined): Promise<string[]> => {
  const types: string[] = [];
  for await (const { type } of source ?? []) types.push(type);
  return types;
};

test("who follows a run that was started here has all of its events, once", async () => {
  const started = new StartedRuns();
  expect(await started.begin(openRun().open)).toBe(run);
  const { signal } = new AbortController();
  const first = started.take(run.id, signal);
  expect(started.take(run.id, signal)).toBeUndefined();
  expect(await typesOf(first)).toEqual(["init", "status", "output"]);
  expect(started.take("another", signal)).toBeUndefined();
});

test("events that nobody takes within ten seconds are let go", async () => {
  const started = new StartedRuns();
  const { open, seen } = openRun();
  await started.begin(open);
  vi.advanceTimersByTime(9999);
  expect(seen.signal?.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(seen.signal?.aborted).toBe(true);
  expect(started.take(run.id, new AbortController().signal)).toBeUndefined();
});

test("events that were taken stay for as long as they are followed, and end with the follower's signal", async () => {
  const started = new StartedRuns();
  const { open, seen } = openRun();
  await started.begin(open);
  const follower = new AbortController();
  const taken = started.take(run.id, follower.signal);
  expect((await taken?.next())?.value).toBe(events[0]);
  vi.advanceTimersByTime(60_000);
  expect(seen.signal?.aborted).toBe(false);
  follower.abort(new Error("gone"));
  await expect(taken?.next()).rejects.toThrow("gone");
});

test("a run that could not be started is told as such", async () => {
  const failure = new Error("no such host");
  // oxlint-disable-next-line require-yield
  async function* open(): AsyncGenerator<RunBytesEvent, void, undefined> {
    throw failure;
  }
  await expect(new StartedRuns().begin(open)).rejects.toBe(failure);
});
