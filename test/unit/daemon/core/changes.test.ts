import { expect, test } from "vitest";
import { ChangeLog, type NumberedChange } from "../../../../daemon/core/changes.ts";
import { systemClock } from "../../../../daemon/core/clock.ts";
import { uuidv7 } from "../../../../daemon/core/uuid.ts";

const deleted = (name: string) => ({ type: "hostDeleted", id: 1, name }) as const;
const idOf = ({ epoch }: ChangeLog, numbered: NumberedChange | undefined) => `${epoch}.${numbered?.seq}`;

test("who comes new is told to read everything, who comes back goes on", () => {
  const changes = new ChangeLog(systemClock);
  const fresh = changes.feed(undefined);
  expect(fresh.opening?.change.type).toBe("reset");
  changes.publish(deleted("a"));
  changes.publish(deleted("b"));
  const [first, second] = fresh.after(fresh.from, 1_000_000);
  const back = changes.feed(idOf(changes, first));
  expect(back.opening).toBeUndefined();
  expect(back.after(back.from, 1_000_000)).toEqual([second]);
});

test("a position of another daemon, or too long ago, is a reset", () => {
  const changes = new ChangeLog(systemClock);
  const other = new ChangeLog(systemClock);
  other.publish(deleted("a"));
  const from = other.feed(undefined);
  expect(changes.feed(idOf(other, from.opening)).opening).toBeDefined();
  const start = idOf(changes, changes.feed(undefined).opening);
  for (let count = 0; count < 20_000; count += 1) changes.publish(deleted("x".repeat(60)));
  expect(changes.feed(start).opening?.change.type).toBe("reset");
});

test("a UUIDv7 is one, and later ones sort behind earlier ones", () => {
  const ids = [0, 1, 1_700_000_000_000, Date.now(), 2 ** 48 - 1].map((at) => uuidv7(at));
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(Array.from({ length: 1000 }, () => uuidv7())).size).toBe(1000);
});
