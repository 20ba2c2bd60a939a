import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { LoopTime, timeLimit } from "../../../../daemon/core/loop-time.ts";
import { standStill } from "../../../support/stand-still.ts";

test("while the event loop is kept, hardly any time passes, and then it goes on", async () => {
  const time = new LoopTime();
  const expired = Promise.withResolvers<void>();
  let isOver = false;
  time.after(1000, () => {
    isOver = true;
    expired.resolve();
  });
  const begun = time.now();
  standStill(3000);
  await nextTurn();
  await nextTurn();
  expect(isOver).toBe(false);
  expect(time.lagMs).toBeGreaterThan(2000);
  await expired.promise;
  expect(time.now() - begun).toBeLessThan(3000);
});

test("who has left is not called, and others are, each at its time", async () => {
  const time = new LoopTime();
  const called: string[] = [];
  const last = Promise.withResolvers<void>();
  const leave = time.after(100, () => called.push("left"));
  time.after(600, () => {
    called.push("last");
    last.resolve();
  });
  time.after(300, () => called.push("first"));
  leave();
  leave();
  await last.promise;
  expect(called).toEqual(["first", "last"]);
  // It begins anew when nobody has waited for a while.
  standStill(300);
  const again = Promise.withResolvers<void>();
  time.after(1, again.resolve);
  expect(time.lagMs).toBe(0);
  await again.promise;
});

test("a limit that was disposed of is never reached", async () => {
  const reached = Promise.withResolvers<void>();
  const limit = timeLimit(1);
  limit[Symbol.dispose]();
  using other = timeLimit(100);
  other.signal.addEventListener("abort", () => reached.resolve());
  await reached.promise;
  expect(limit.signal.aborted).toBe(false);
});
