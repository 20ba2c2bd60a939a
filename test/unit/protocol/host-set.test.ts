import * as fc from "fast-check";
import { expect, test } from "vitest";
import { expandRanges, foldNames } from "../../../protocol/host-set.ts";

test.each([
  [["web01", "web02", "web03"], "web[01-03]"],
  [["web1", "web2", "web5"], "web[1-2,5]"],
  [["web12", "web08", "web09", "web10"], "web[08-10,12]"],
  [["db1", "web01", "web15", "web02"], "db1,web[01-02,15]"],
  [["a.eu", "b.eu"], "a.eu,b.eu"],
  [["r1-node2.eu", "r1-node3.eu"], "r1-node[2-3].eu"],
  [["one"], "one"],
  [["web7"], "web7"],
])("%j is %s", (names, folded) => {
  expect(foldNames(names)).toBe(folded);
});

test("what is folded unfolds to the same names", () => {
  const name = fc
    .tuple(
      fc.constantFrom("web", "db-", "r1n", ""),
      fc.nat(120),
      fc.constantFrom(0, 2, 3),
      fc.constantFrom("", ".eu"),
    )
    .map(([before, number, width, after]) => `${before}${String(number).padStart(width, "0")}${after}`);
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 60 }), (names) => {
      const words = foldNames(names).split(/,(?![^[]*\])/);
      expect(words.flatMap((word) => expandRanges(word) ?? []).toSorted()).toEqual(names.toSorted());
    }),
  );
});

test("a range stands for at most 10,000 names", () => {
  expect(expandRanges("n[1-10000]")).toHaveLength(10_000);
  expect(expandRanges("n[0-10000]")).toBeUndefined();
  expect(expandRanges(`n${"[1-2]".repeat(14)}`)).toBeUndefined();
  expect(expandRanges("plain")).toEqual(["plain"]);
});
