import { expect, test } from "vitest";
import { forgetOldest } from "../../../../daemon/runs/retention.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

async function openHistory() {
  const directory = await openDirectory();
  const database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  const forgotten: string[] = [];
  const forgetAll = async (settings: { historyDays: number; historyMaxBytes: number }, now: string) => {
    const forget = async (id: string): Promise<void> => {
      const run = store.get(id);
      if (run === undefined) throw new Error("forgotten twice");
      store.delete(id);
      forgotten.push(run.command);
    };
    while (await forgetOldest({ store, settings: () => settings, now: () => Date.parse(now), forget }));
    return forgotten.splice(0);
  };
  return {
    store,
    forgetAll,
    [Symbol.asyncDispose]: async () => {
      database[Symbol.dispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

test("by age: what ended first goes first, what runs stays", async () => {
  await using history = await openHistory();
  const { store, forgetAll } = history;
  const under = { ...endedRun("under way", "web1"), state: "running", outcome: null, endedAt: null } as const;
  store.create(under, [], undefined);
  store.create(endedRun("third", "web1", "2026-01-03T00:00:00.000Z"), [], undefined);
  store.create(endedRun("first", "web1", "2026-01-01T00:00:00.000Z"), [], undefined);
  store.create(endedRun("second", "web1", "2026-01-02T00:00:00.000Z"), [], undefined);
  const settings = { historyDays: 30, historyMaxBytes: 2 ** 40 };
  expect(await forgetAll(settings, "2026-01-31T00:00:00.000Z")).toEqual([]);
  expect(await forgetAll(settings, "2026-02-01T12:00:00.000Z")).toEqual(["first", "second"]);
  expect(await forgetAll({ ...settings, historyDays: 0 }, "2126-01-01T00:00:00.000Z")).toEqual([]);
  expect(await forgetAll(settings, "2126-01-01T00:00:00.000Z")).toEqual(["third"]);
  expect(store.get(under.id)).toBeDefined();
});

test("by size: the oldest go until the rest fits, and their room is used again", async () => {
  await using history = await openHistory();
  const { store, forgetAll } = history;
  const at = "2026-01-01T00:00:00.000Z";
  const add = (name: string): void => {
    const bytes = Buffer.alloc(1_000_000, name);
    const event = { seq: 1, at, kind: "output", stream: "stdout", offset: 0, noise: false, bytes } as const;
    store.create(endedRun(name, "web1", `2026-01-01T00:00:0${name}.000Z`), [event], undefined);
  };
  for (const name of ["1", "2", "3", "4", "5"]) add(name);
  const full = store.usedBytes();
  const settings = { historyDays: 30, historyMaxBytes: full - 1_500_000 };
  expect(await forgetAll(settings, at)).toEqual(["1", "2"]);
  expect(store.usedBytes()).toBeLessThanOrEqual(settings.historyMaxBytes);
  add("6");
  add("7");
  expect(store.usedBytes()).toBeLessThanOrEqual(full + 100_000);
  expect(await forgetAll(settings, at)).toEqual(["3", "4"]);
});

test("pinned runs stay, whatever their age and size", async () => {
  await using history = await openHistory();
  const { store, forgetAll } = history;
  const kept = endedRun("kept", "web1", "2026-01-01T00:00:00.000Z");
  store.create({ ...kept, stdoutBytes: 1000, stderrBytes: 24 }, [], undefined);
  store.create(endedRun("gone", "web1", "2026-01-02T00:00:00.000Z"), [], undefined);
  store.annotate(kept.id, { pinned: true, note: null });
  expect(store.pinned()).toEqual({ runs: 1, bytes: 1024 });
  const settings = { historyDays: 30, historyMaxBytes: 1 };
  expect(await forgetAll(settings, "2126-01-01T00:00:00.000Z")).toEqual(["gone"]);
  store.annotate(kept.id, { pinned: false, note: null });
  expect(store.pinned()).toEqual({ runs: 0, bytes: 0 });
  expect(await forgetAll(settings, "2126-01-01T00:00:00.000Z")).toEqual(["kept"]);
});
