import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { OutputFlow, type OutputChunk } from "../../../extension/terminal/output-flow.ts";

let posted: OutputChunk[][] = [];
let flow: OutputFlow;

beforeEach(() => {
  vi.useFakeTimers();
  posted = [];
  flow = new OutputFlow((chunks) => posted.push(chunks));
});
afterEach(() => {
  flow[Symbol.dispose]();
  vi.useRealTimers();
});

const stdout = (data: string): OutputChunk => ({ stream: "stdout", data });

/** Whether a promise has resolved by now. */
function isDone(promise: Promise<void>): Promise<boolean> {
  const later = vi.advanceTimersByTimeAsync(0);
  return Promise.race([promise.then(() => true), later.then(() => false)]);
}

test("what comes within a frame is one message, in order, neighbours of a stream joined", async () => {
  void flow.push(stdout("a"));
  void flow.push(stdout("b"));
  void flow.push({ stream: "stderr", data: "c" });
  void flow.push(stdout("d"));
  expect(posted).toEqual([]);
  await vi.advanceTimersByTimeAsync(16);
  expect(posted).toEqual([[stdout("ab"), { stream: "stderr", data: "c" }, stdout("d")]]);
});

test("after a silence output goes at once, and waits for its frame while more comes", async () => {
  void flow.push(stdout("a"));
  await vi.advanceTimersByTimeAsync(0);
  expect(posted).toEqual([[stdout("a")]]);
  void flow.push(stdout("b"));
  await vi.advanceTimersByTimeAsync(15);
  expect(posted).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(posted).toEqual([[stdout("a")], [stdout("b")]]);
  await vi.advanceTimersByTimeAsync(16);
  void flow.push(stdout("c"));
  await vi.advanceTimersByTimeAsync(0);
  expect(posted).toHaveLength(3);
});

test("bytes that are no text are never joined with their neighbours", async () => {
  const bytes: OutputChunk = { stream: "stdout", data: "//4=", encoding: "base64" };
  void flow.push(bytes);
  void flow.push(bytes);
  flow.flush();
  expect(posted).toEqual([[bytes, bytes]]);
});

test("what is flushed comes before what is posted next, and no empty message after it", async () => {
  void flow.push(stdout("a"));
  flow.flush();
  expect(posted).toEqual([[stdout("a")]]);
  await vi.advanceTimersByTimeAsync(100);
  expect(posted).toHaveLength(1);
});

test("holds back above 100,000 undrawn characters, until fewer than 5,000 are left", async () => {
  const large = stdout("x".repeat(70_000));
  expect(await isDone(flow.push(large))).toBe(true);
  const second = flow.push(large);
  expect(await isDone(second)).toBe(false);
  flow.drawn(135_000);
  expect(await isDone(second)).toBe(false);
  flow.drawn(1);
  expect(await isDone(second)).toBe(true);
  expect(posted.flat().map(({ data }) => data.length)).toEqual([70_000, 70_000]);
});

test("a writer that waits for room continues when the flow is disposed of, and nothing more is sent", async () => {
  void flow.push(stdout("x".repeat(100_000)));
  const held = flow.push(stdout("x".repeat(100_000)));
  expect(await isDone(held)).toBe(false);
  flow[Symbol.dispose]();
  expect(await isDone(held)).toBe(true);
  const before = posted.length;
  await flow.push(stdout("late"));
  await vi.advanceTimersByTimeAsync(100);
  expect(posted).toHaveLength(before);
});
