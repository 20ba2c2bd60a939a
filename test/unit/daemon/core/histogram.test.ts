import { expect, test } from "vitest";
import { Histogram } from "../../../../daemon/core/histogram.ts";

test("a bucket counts what is at most its bound, and all that smaller ones count", () => {
  const histogram = new Histogram([1, 10]);
  for (const value of [0.5, 1, 5, 50]) histogram.observe(value);
  expect(histogram.report()).toEqual({
    buckets: [
      { bound: 1, count: 2 },
      { bound: 10, count: 3 },
    ],
    sum: 56.5,
    count: 4,
  });
});
