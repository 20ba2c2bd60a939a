import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Transcript } from "../../../../daemon/core/transcript.ts";
import { cases, casesTimeout } from "../../../support/fault-counts.ts";

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

test("keeps what is behind a place that is held, and before it as much as ever", () => {
  const transcript = new Transcript(0, 25);
  const place = { seq: 3 };
  transcript.hold(place);
  for (let seq = 1; seq <= 9; seq += 1) transcript.append([item(seq)]);
  expect(transcript.after(1, 1000)?.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  expect(transcript.after(0, 1000)).toBeUndefined();
  expect([1, 3, 8, 9].map((seq) => transcript.bytesAfter(seq))).toEqual([80, 60, 10, 0]);
  place.seq = 6;
  transcript.append([item(10)]);
  expect(transcript.after(3, 1000)).toBeUndefined();
  expect(transcript.after(4, 1000)).toHaveLength(6);
  transcript.release(place);
  transcript.append([item(11)]);
  expect(transcript.after(8, 1000)).toBeUndefined();
  expect(transcript.after(9, 1000)).toHaveLength(2);
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

test("a reader of any pace gets every item once or is told of its loss", { timeout: casesTimeout }, () => {
  const step = fc.oneof(
    fc.record({ append: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 8 }) }),
    fc.record({ reader: fc.nat({ max: 2 }), bytes: fc.integer({ min: 1, max: 60 }) }),
  );
  const property = fc.property(
    fc.array(step, { maxLength: 40 }),
    fc.nat({ max: 100 }),
    fc.nat({ max: 9 }),
    (steps, keep, first) => {
      const transcript = new Transcript(first, keep);
      const sizes: number[] = [];
      const kept = (): number => {
        let bytes = 0;
        const newest = sizes.toReversed().findIndex((size, index) => (bytes += size) > keep && index > 0);
        return first + (newest < 0 ? 0 : sizes.length - newest);
      };
      const at = [first, first, first];
      for (const what of steps) {
        if ("append" in what) {
          const items = what.append.map((size, index) => item(first + sizes.length + 1 + index, size));
          sizes.push(...what.append);
          transcript.append(items);
          continue;
        }
        const from = at[what.reader] ?? first;
        const page = transcript.after(from, what.bytes);
        expect(transcript.lastSeq).toBe(first + sizes.length);
        // Nothing that must be kept is gone, and what is gone is announced.
        if (page === undefined) {
          expect(from).toBeLessThan(kept());
          at[what.reader] = transcript.lastSeq;
          continue;
        }
        expect(page.map(({ seq }) => seq)).toEqual(page.map((_, index) => from + 1 + index));
        if (from < transcript.lastSeq) expect(page.length).toBeGreaterThan(0);
        const last = page.at(-1);
        const before = page.slice(0, -1).reduce((sum, { size }) => sum + size, 0);
        expect(before).toBeLessThan(what.bytes);
        at[what.reader] = last?.seq ?? from;
      }
    },
  );
  fc.assert(property, cases(1000));
});
