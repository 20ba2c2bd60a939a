import { expect, onTestFinished, test, vi } from "vitest";
import { openIdleMemory } from "../../../../daemon/core/idle-memory.ts";

const mebibyte = 1024 * 1024;

/** A daemon whose figures a test sets, and how often its garbage was collected; each collection leaves 80 MiB. */
function idleDaemon() {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const daemon = { rss: 96 * mebibyte, heapUsed: 23 * mebibyte, busy: 0, collections: 0 };
  const idleMemory = openIdleMemory({
    memory: () => daemon,
    collect: () => {
      daemon.collections += 1;
      daemon.rss = 80 * mebibyte;
    },
    busy: () => daemon.busy,
  });
  onTestFinished(() => idleMemory[Symbol.dispose]());
  return daemon;
}

const pass = (seconds: number): unknown => vi.advanceTimersByTime(seconds * 1000);

test("an idle daemon gives memory back once, and again only when it has taken more", () => {
  const daemon = idleDaemon();
  pass(60);
  expect(daemon.collections).toBe(1);
  daemon.rss = 87 * mebibyte;
  pass(60);
  expect(daemon.collections).toBe(1);
  daemon.rss = 88 * mebibyte;
  pass(60);
  expect(daemon.collections).toBe(2);
});

test("memory that the system took back by itself is not collected for again", () => {
  const daemon = idleDaemon();
  pass(10);
  daemon.rss = 40 * mebibyte;
  pass(10);
  daemon.rss = 48 * mebibyte;
  pass(10);
  expect(daemon.collections).toBe(2);
});

test.each([
  ["while it is busy", { busy: 0.05 }],
  ["while so much is in use that it would be noticed", { heapUsed: 65 * mebibyte }],
])("nothing is collected %s", (_when, figures) => {
  const daemon = Object.assign(idleDaemon(), figures);
  pass(60);
  expect(daemon.collections).toBe(0);
  Object.assign(daemon, { busy: 0, heapUsed: 23 * mebibyte });
  pass(10);
  expect(daemon.collections).toBe(1);
});
