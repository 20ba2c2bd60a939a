import { expect, test } from "vitest";
import { TimeSlice } from "../../../../daemon/core/time-slice.ts";

test("a slice is spent after 2 ms, and the next one begins when everybody else has had a turn", async () => {
  let now = 1000;
  const slice = new TimeSlice({ elapsed: () => now });
  const spent: boolean[] = [];
  for (let step = 0; step < 5; step += 1) {
    spent.push(slice.spent);
    now += 1;
  }
  spent.push(slice.spent);
  expect(spent).toEqual([false, false, true, true, true, true]);

  let others = 0;
  setImmediate(() => {
    others += 1;
  });
  await slice.next();
  expect(others).toBe(1);
  expect(slice.spent).toBe(false);
  now += 2;
  expect(slice.spent).toBe(true);
});

test("of all work in slices one slice goes into a turn", async () => {
  const slices = Array.from({ length: 3 }, () => new TimeSlice({ elapsed: () => 0 }));
  const turns: number[] = [];
  let turn = 0;
  const count = (): void => {
    turn += 1;
    if (turns.length < slices.length) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(slices.map((slice) => slice.next().then(() => turns.push(turn))));
  expect(new Set(turns).size).toBe(slices.length);
});
