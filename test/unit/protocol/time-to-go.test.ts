import * as fc from "fast-check";
import { expect, test } from "vitest";
import { roundedTime, timeToGo } from "../../../protocol/time-to-go.ts";

const alike = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);
const pace = { took: alike(10, 1000), running: alike(4, 200), waiting: 0, concurrency: 4 };

/** When the last host ends, host by host: each that waits begins where one ends first. */
function played({
  running,
  waiting,
  usual,
  places,
}: Record<"waiting" | "usual" | "places", number> & { running: number[] }): number {
  const ends = running.map((ms) => Math.max(0, usual - ms));
  while (ends.length < places) ends.push(0);
  for (let host = 0; host < waiting; host += 1) {
    ends.sort((a, b) => a - b);
    ends[0] = (ends[0] ?? 0) + usual;
  }
  return Math.max(...ends);
}

test("it is what it comes to where every host takes as long", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer({ min: 0, max: 1900 }), { maxLength: 40 }),
      fc.integer({ min: 0, max: 400 }),
      (concurrency, ages, waiting) => {
        const running = ages.slice(0, concurrency);
        const open = running.length + waiting;
        fc.pre(open > 0);
        const told = timeToGo({ took: alike(60, 1000), running, waiting, concurrency });
        const places = Math.min(concurrency, open);
        expect(told).toBe(played({ running, waiting, usual: 1000, places }));
      },
    ),
  );
});

test.each([
  ["nothing is left", { ...pace, running: [] }],
  ["too few have ended", { ...pace, took: alike(4, 1000) }],
  ["they are a small part of all", { ...pace, took: alike(10, 1000), waiting: 200 }],
  ["they took times of their own", { ...pace, took: [10, 10, 20, 1000, 5000, 60_000] }],
  ["one that goes on is slower than they were", { ...pace, running: [200, 2001] }],
])("nothing is said where %s", (_why, given) => {
  expect(timeToGo(given)).toBeUndefined();
});

test.each([
  [4999, undefined],
  [5001, { value: 10, unit: "s" }],
  [55_000, { value: 55, unit: "s" }],
  [58_000, { value: 1, unit: "min" }],
  [61_000, { value: 2, unit: "min" }],
  [7_200_000, { value: 2, unit: "h" }],
])("%i ms are said in round numbers", (ms, expected) => {
  expect(roundedTime(ms)).toEqual(expected);
});
