import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Gathering } from "../../../../../daemon/runs/record/gathering.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Of each time that it was taken: how much had come. */
function open() {
  const taken: number[] = [];
  let waiting = 0;
  const gathering = new Gathering(() => {
    taken.push(waiting);
    waiting = 0;
    gathering.taken();
  });
  const come = (bytes: number): void => {
    waiting += bytes;
    gathering.came(bytes);
  };
  const turn = (): void => void vi.advanceTimersToNextTimer();
  return { taken, come, turn };
}

test("what comes in one turn is taken at its end, and lines never wait", () => {
  const { taken, come, turn } = open();
  for (const line of [10, 20, 30]) {
    come(line);
    come(line);
    turn();
  }
  expect(taken).toEqual([20, 40, 60]);
  expect(performance.now()).toBeLessThan(1);
});

test("of long output there is enough at 256 KiB, and it waits 2 ms at most", () => {
  const { taken, come, turn } = open();
  const packet = 32 * 1024;
  come(packet);
  turn();
  expect(taken).toEqual([packet]);
  const began = performance.now();
  for (let count = 0; count < 8; count += 1) come(packet);
  expect(taken).toEqual([packet, 8 * packet]);
  come(packet);
  expect(taken).toHaveLength(2);
  turn();
  expect(taken).toEqual([packet, 8 * packet, packet]);
  expect(performance.now() - began).toBeLessThanOrEqual(2);
});

test("a line a while after long output does not wait for more", () => {
  const { taken, come, turn } = open();
  come(64 * 1024);
  turn();
  vi.advanceTimersByTime(20);
  const began = performance.now();
  come(10);
  turn();
  expect(taken).toEqual([64 * 1024, 10]);
  expect(performance.now() - began).toBeLessThan(1);
});
