import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { FirstRest } from "../../../../daemon/runs/first-rest.ts";

/** Whether a promise has settled by now. */
function watched(promise: Promise<void>): () => Promise<boolean> {
  const seen: string[] = [];
  void promise.then(() => seen.push("settled"));
  return async () => {
    await Promise.resolve();
    return seen.length > 0;
  };
}

test("the first rest comes a second after the last of the first runs", async () => {
  vi.useFakeTimers();
  try {
    let busy = false;
    using rest = new FirstRest(() => busy);
    const hasCome = watched(rest.reached);
    vi.advanceTimersByTime(10_000);
    expect(await hasCome()).toBe(false);
    rest.runEnded();
    vi.advanceTimersByTime(900);
    busy = true;
    rest.runEnded();
    vi.advanceTimersByTime(10_000);
    expect(await hasCome()).toBe(false);
    busy = false;
    rest.runEnded();
    vi.advanceTimersByTime(999);
    expect(await hasCome()).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await hasCome()).toBe(true);
    rest.runEnded();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("where the daemon stops before, it comes then, unless nothing has run", async () => {
  const [used, unused] = [new FirstRest(() => false), new FirstRest(() => false)];
  const hasCome = [watched(used.reached), watched(unused.reached)];
  used.runEnded();
  used[Symbol.dispose]();
  unused[Symbol.dispose]();
  await delay(1);
  expect(await Promise.all(hasCome.map((has) => has()))).toEqual([true, false]);
});
