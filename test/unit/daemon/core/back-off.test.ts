import { expect, test } from "vitest";
import { backOffMs } from "../../../../daemon/core/back-off.ts";

test("waits twice as long each time, up to the longest, however often it failed", () => {
  const waits = [1, 2, 3, 4, 5, 10_000].map((failures) => backOffMs(failures, { firstMs: 200, maxMs: 2000 }));
  expect(waits).toEqual([200, 400, 800, 1600, 2000, 2000]);
});
