import * as fc from "fast-check";
import { isUtf8 } from "node:buffer";
import { expect, test } from "vitest";
import { unfinishedBytes } from "../../../../../daemon/runs/record/utf8.ts";
import { cases, casesTimeout } from "../../../../support/fault-counts.ts";

test("valid text cut anywhere is cut before the unfinished character", { timeout: casesTimeout }, () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
      fc.nat(),
      (bytes, at) => {
        const cut = bytes.subarray(0, bytes.length === 0 ? 0 : at % (bytes.length + 1));
        const unfinished = unfinishedBytes(cut);
        expect(unfinished).toBeLessThanOrEqual(3);
        expect(isUtf8(cut.subarray(0, cut.length - unfinished))).toBe(true);
        expect(unfinished === 0).toBe(isUtf8(cut));
      },
    ),
    cases(2000),
  );
});

test.each(["ff", "80", "c0", "c1", "f5", "61ff", "c3a9", "e282ac", "f09f9880"])(
  "%s is not waited for: it is whole, or can never become a character",
  (hex) => {
    expect(unfinishedBytes(Buffer.from(hex, "hex"))).toBe(0);
  },
);

test.each([
  ["c3", 1],
  ["61e2", 1],
  ["e282", 2],
  ["f09f98", 3],
])("%s waits for its rest", (hex, count) => {
  expect(unfinishedBytes(Buffer.from(hex, "hex"))).toBe(count);
});
