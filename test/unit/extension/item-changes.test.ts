import { expect, test } from "vitest";
import { ItemChanges } from "../../../extension/daemon/item-changes.ts";
import type { Change } from "../../../protocol/change.ts";

const deleted = (id: string): Change => ({ type: "runDeleted", timestamp: "2026-11-28T01:00:00.000Z", id });

/** A list of runs, of which changes only delete some. */
function openList() {
  let shown: readonly string[] = [];
  const changes = new ItemChanges((change) => {
    if (change.type === "runDeleted") shown = shown.filter((id) => id !== change.id);
  });
  const begin = () => {
    const answer = Promise.withResolvers<readonly string[]>();
    const done = changes.read(
      () => answer.promise,
      (ids) => {
        shown = ids;
      },
    );
    return { answer, done };
  };
  return { changes, begin, shown: () => shown };
}

test("what changes while the list is read is not undone by the older answer", async () => {
  const list = openList();
  const { answer, done } = list.begin();
  list.changes.take(deleted("a"));
  answer.resolve(["a", "b"]);
  await done;
  expect(list.shown()).toEqual(["b"]);
  list.changes.take(deleted("b"));
  expect(list.shown()).toEqual([]);
});

test("what changed before a read began does not change its answer", async () => {
  const list = openList();
  list.changes.take(deleted("a"));
  const { answer, done } = list.begin();
  answer.resolve(["a", "b"]);
  await done;
  expect(list.shown()).toEqual(["a", "b"]);
});

test("an answer that comes after that of a later read is not shown", async () => {
  const list = openList();
  const [earlier, later] = [list.begin(), list.begin()];
  later.answer.resolve(["a", "b"]);
  await later.done;
  earlier.answer.resolve(["a"]);
  await earlier.done;
  expect(list.shown()).toEqual(["a", "b"]);
});

test("a read that fails leaves the list as it is, and the next one shows its answer", async () => {
  const list = openList();
  const failed = list.begin();
  failed.answer.reject(new Error("gone"));
  await expect(failed.done).rejects.toThrow("gone");
  const next = list.begin();
  next.answer.resolve(["a"]);
  await next.done;
  expect(list.shown()).toEqual(["a"]);
});

test("a list is read again if more has changed than is kept", async () => {
  let reads = 0;
  let shown = 0;
  const changes = new ItemChanges(() => undefined);
  await changes.read(
    async () => {
      reads += 1;
      if (reads === 1) for (let number = 0; number < 10_000; number += 1) changes.take(deleted(`${number}`));
      return reads;
    },
    (read) => {
      shown = read;
    },
  );
  expect([reads, shown]).toEqual([2, 2]);
});
