import { expect, test } from "vitest";
import type { StoredEvent } from "../../../../daemon/runs/record/stored-event.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

const at = "2026-01-02T03:04:05.006Z";
const status = (seq: number, message: string): StoredEvent => ({
  seq,
  at,
  kind: "control",
  fields: { type: "status", state: "running", message },
});

test("the events of each run are its own, and a run that is not known has none and takes none", async () => {
  await using directory = await openDirectory();
  using database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  const { events } = store;
  const [one, other, gone] = [endedRun("one", "web1"), endedRun("other", "web1"), endedRun("gone", "web1")];
  store.create(one, [status(1, "one")], undefined);
  store.create(other, [status(1, "other")], undefined);
  store.create(gone, [status(1, "gone")], undefined);
  events.append(one.id, [status(2, "one")]);
  store.delete(gone.id);
  expect(events.read(one.id, 0, 1e9)).toEqual([status(1, "one"), status(2, "one")]);
  expect(events.read(other.id, 0, 1e9)).toEqual([status(1, "other")]);
  expect([events.lastSeq(one.id), events.lastSeq(other.id)]).toEqual([2, 1]);
  expect([events.last(one.id), events.last(other.id)]).toEqual([status(2, "one"), status(1, "other")]);
  for (const id of [gone.id, "", "1"]) {
    expect(store.has(id)).toBe(false);
    expect(events.read(id, 0, 1e9)).toEqual([]);
    expect(events.lastSeq(id)).toBe(0);
    expect(events.last(id)).toBeUndefined();
    expect(events.output(id, "both").size).toBe(0);
    expect(() => events.append(id, [status(1, "lost")])).toThrow();
  }
});

test("a run that could not be written, and one that ended or was deleted, have no number of another run", async () => {
  await using directory = await openDirectory();
  using database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  const open = { state: "running", outcome: null, endedAt: null } as const;
  const [lost, next, ended] = ["lost", "next", "ended"].map((name) => ({
    ...endedRun(name, "web1"),
    ...open,
  }));
  if (lost === undefined || next === undefined || ended === undefined) throw new Error("three runs");
  expect(() => store.create(lost, [status(1, "lost"), status(1, "again")], undefined)).toThrow();
  store.create(next, [status(1, "next")], undefined);
  expect(() => store.events.append(lost.id, [status(2, "lost")])).toThrow();
  expect(store.events.read(next.id, 0, 1e9)).toEqual([status(1, "next")]);
  store.create(ended, [status(1, "ended")], undefined);
  store.events.append(ended.id, [status(2, "ended")], { ...ended, state: "ended", endedAt: at });
  expect(store.events.read(ended.id, 1, 1e9)).toEqual([status(2, "ended")]);
  store.delete(next.id);
  expect(store.events.read(next.id, 0, 1e9)).toEqual([]);
  expect(() => store.events.append(next.id, [status(2, "next")])).toThrow();
});

test("events and the state that they come with are written together, or not at all", async () => {
  await using directory = await openDirectory();
  using database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  const run = { ...endedRun("x", "web1"), state: "running", outcome: null, endedAt: null } as const;
  store.create(run, [status(1, "begun")], undefined);
  const ended = { ...run, state: "ended", outcome: "exited", endedAt: at } as const;
  // The number is there already.
  expect(() => store.events.append(run.id, [status(2, "more"), status(1, "again")], ended)).toThrow();
  expect(store.get(run.id)?.state).toBe("running");
  expect(store.events.lastSeq(run.id)).toBe(1);
  store.events.append(run.id, [status(2, "more")], ended);
  expect(store.get(run.id)).toMatchObject({ state: "ended", outcome: "exited", endedAt: at });
});
