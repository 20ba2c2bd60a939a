import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { SharedQuery } from "../../../../daemon/core/shared-query.ts";

/** A query whose answers are given by hand: the number of the query that is answered. */
function openQuery() {
  const begun: PromiseWithResolvers<number>[] = [];
  const query = new SharedQuery(() => {
    const answer = Promise.withResolvers<number>();
    begun.push(answer);
    return answer.promise;
  });
  return { begun, query };
}

test("who comes while a query is under way shares the next one", async () => {
  const { begun, query } = openQuery();
  const first = query.ask();
  const others = [query.ask(), query.ask(), query.ask()];
  expect(begun).toHaveLength(1);
  begun[0]?.resolve(1);
  expect(await first).toBe(1);
  await turn();
  expect(begun).toHaveLength(2);
  const later = query.ask();
  begun[1]?.resolve(2);
  expect(await Promise.all(others)).toEqual([2, 2, 2]);
  await turn();
  begun[2]?.resolve(3);
  expect(await later).toBe(3);
});

test("who comes when nothing is under way begins a query at once", async () => {
  const { begun, query } = openQuery();
  for (let round = 1; round < 4; round += 1) {
    const answer = query.ask();
    expect(begun).toHaveLength(round);
    begun.at(-1)?.resolve(round);
    expect(await answer).toBe(round);
    await turn();
  }
});

test("a query that fails costs those who asked for it only", async () => {
  const { begun, query } = openQuery();
  const first = query.ask();
  const second = query.ask();
  begun[0]?.reject(new Error("broken"));
  await expect(first).rejects.toThrow("broken");
  await turn();
  begun[1]?.resolve(2);
  expect(await second).toBe(2);
});
