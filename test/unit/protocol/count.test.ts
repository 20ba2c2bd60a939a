import { expect, test } from "vitest";
import { formatCount } from "../../../protocol/count.ts";

test.each([
  [0, "run", undefined, "0 runs"],
  [1, "run", undefined, "1 run"],
  [2, "run", undefined, "2 runs"],
  [0, "miss", "misses", "0 misses"],
  [1, "miss", "misses", "1 miss"],
  [1, "host is", "hosts are", "1 host is"],
  [12, "host is", "hosts are", "12 hosts are"],
])("%i, %s: %s", (count, noun, plural, text) => {
  expect(formatCount(count, noun, plural)).toBe(text);
});
