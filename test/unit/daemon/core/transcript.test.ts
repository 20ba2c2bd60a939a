import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Transcript } from "../../../../daemon/core/transcript.ts";

const item = (seq: number, size = 10) => ({ seq, size });

test("gives what is after a number, about as much as is asked for and at least one", () => {
  const transcript = new Transcript(0);
  transcript.append([item(1), item(2), item(3)]);
  expect(transcript.after(0, 1000)?.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(transcript.after(1, 1)?.map(({ seq }) => seq)).toEqual([2]);
  expect(transcript.after(0, 11)?.map(({ seq }) => seq)).toEqual([1, 2]);
  expect(transcript.after(3, 1000)).toEqual([]);
  expect(transcript.lastSeq).toBe(3);
});

test("keeps the newest, and says when what is asked for is gone", () => {
  const transcript = new Transcript(0, 25);
  for (let seq = 1; seq <= 5; seq += 1) transcript.append([item(seq)]);
  expect(transcript.after(3, 100)?.map(({ seq }) => seq)).toEqual([4, 5]);
  expect(transcript.after(2, 100)).toBeUndefined();
  transcript.append([item(6, 1000)]);
  expect(transcript.after(5, 100)?.map(({ seq }) => seq)).toEqual([6]);
});

test("takes no item out of order", () => {
  const transcript = new Transcript(7);
  expect(() => transcript.append([item(7)])).toThrow("expected item 8");
  expect(() => transcript.append([item(9)])).toThrow("expected item 8");
  transcript.append([item(8)], true);
  expect(transcript.ended).toBe(true);
});

test("wakes those who follow until they stop", () => {
  const transcript = new Transcript(0);
  let woken = 0;
  const stop = transcript.follow(() => {
    woken += 1;
  });
  transcript.append([item(1)]);
  stop();
  transcript.append([item(2)]);
  expect(woken).toBe(1);
});

test("a reader of any pace gets every item once or is told of its loss", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 60 }),
      fc.nat({ max: 100 }),
      fc.nat({ max: 60 }),
      (sizes, keep, from) => {
        const transcript = new Transcript(0, keep);
        sizes.forEach((size, index) => transcript.append([item(index + 1, size)]));
        const seen: number[] = [];
        let at = Math.min(from, sizes.length);
        for (;;) {
          const page = transcript.after(at, 30);
          if (page === undefined || page.length === 0) break;
          seen.push(...page.map(({ seq }) => seq));
          at = seen.at(-1) ?? at;
        }
        const start = Math.min(from, sizes.length);
        expect(seen).toEqual(seen.map((_, index) => start + 1 + index));
        if (seen.length > 0) expect(at).toBe(sizes.length);
      },
    ),
  );
});
