import { expect, test } from "vitest";
import { CrashCount } from "../../../client/crash-count.ts";

test("waits longer each time, and gives up at the fifth crash within three minutes", () => {
  let now = 0;
  const crashes = new CrashCount(5, 180_000, () => now);
  const pauses = [1, 2, 3, 4, 5].map(() => {
    now += 1000;
    return crashes.crashed();
  });
  expect(pauses).toEqual([250, 500, 1000, 2000, undefined]);
  expect(crashes.crashed()).toBeUndefined();
});

test("crashes of long ago do not count, nor those before the person tried again", () => {
  let now = 0;
  const crashes = new CrashCount(3, 180_000, () => now);
  crashes.crashed();
  crashes.crashed();
  now += 180_000;
  expect(crashes.crashed()).toBe(250);
  crashes.crashed();
  expect(crashes.crashed()).toBeUndefined();
  crashes.forget();
  expect(crashes.crashed()).toBe(250);
});
