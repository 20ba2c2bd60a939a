import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../../daemon/core/clock.ts";
import { type LogFields, silentLog } from "../../../../daemon/core/log.ts";
import { plainHopSettings } from "../../../../daemon/transport/hop-settings.ts";
import { createDurablePlans } from "../../../../daemon/store/durable-runs.ts";
import { createHostStore } from "../../../../daemon/store/hosts.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

await using stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
const warnings: LogFields[] = [];
const log = { ...silentLog, warn: (_: string, fields: LogFields = {}) => void warnings.push(fields) };
const database = stack.use(openTestDatabase(directory.join("db"), log));
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const store = createRunStore(database);

const hop = { name: "web1", address: "10.0.0.5", port: 22, user: "deploy" };

test("a plan of another version has defaults for what is missing, and the strictest policy for one that is not known", () => {
  const plans = createDurablePlans(database);
  const run = endedRun("durable", "web1");
  store.create(run, [], undefined);
  const number = database.sql.prepare("SELECT number FROM runs WHERE id = ?").pluck().get(run.id);
  const write = (plan: object): void => {
    database.sql
      .prepare("INSERT OR REPLACE INTO durable_runs (run, plan) VALUES (?, ?)")
      .run(number, JSON.stringify(plan));
  };
  write({ target: { ...hop, jump: [{ ...hop, hostKeyPolicy: "askTwice" }] }, later: true });
  expect(plans.list()).toMatchObject({ unreadable: [], planned: [{ run: { id: run.id } }] });
  expect(plans.list().planned[0]?.plan).toEqual({
    target: {
      ...hop,
      identityFiles: [],
      identitiesOnly: false,
      hostKeyPolicy: "strict",
      settings: plainHopSettings,
      jump: [
        {
          ...hop,
          identityFiles: [],
          identitiesOnly: false,
          hostKeyPolicy: "strict",
          settings: plainHopSettings,
        },
      ],
    },
    agentSocket: null,
    connectTimeoutMs: 20_000,
    timeoutMs: 1_800_000,
    recordLimitBytes: 67_108_864,
    directory: null,
    isOwn: true,
    stop: null,
  });
  for (const [stop, known] of [
    [
      { reason: "timedOut", graceMs: 5000 },
      { reason: "timedOut", graceMs: 5000 },
    ],
    [{ reason: "later", graceMs: 5000 }, null],
  ]) {
    write({ target: { ...hop, jump: [] }, stop });
    expect(plans.list().planned[0]?.plan.stop).toEqual(known);
  }
  // Where a run went is never guessed.
  write({ target: hop });
  expect(plans.list()).toEqual({ planned: [], unreadable: [run.id] });
  plans.list();
  expect(warnings.filter(({ table }) => table === "durable_runs")).toEqual([
    { table: "durable_runs", row: number },
  ]);
});

test("a time that is none does not keep the history from forgetting", () => {
  const [old, none, odd] = ["old", "none", "odd"].map((command) => endedRun(command, "web1"));
  for (const run of [old, none, odd]) if (run !== undefined) store.create(run, [], undefined);
  const set = database.sql.prepare("UPDATE runs SET ended_at = ? WHERE id = ?");
  set.run("!", none?.id);
  set.run("1", odd?.id);
  database.sql.prepare("DELETE FROM runs WHERE command = 'durable'").run();
  const oldest = store.oldestEnded();
  expect(oldest?.id).toBe(odd?.id);
  expect(Date.now() - Date.parse(oldest?.endedAt ?? "")).toBeLessThan(600_000);
  database.sql.prepare("DELETE FROM runs WHERE id = ?").run(odd?.id);
  expect(store.oldestEnded()?.id).toBe(old?.id);
});

test("a place in a file that there is not is output that is lost", () => {
  const run = endedRun("long", "web1");
  store.create(run, [], undefined);
  const bytes = Buffer.alloc(20_000, "x");
  const place = { seq: 1, at: "2026-01-01T00:00:00.000Z", stream: "stdout", offset: 0 } as const;
  store.events.append(run.id, [{ ...place, kind: "output", noise: false, bytes }]);
  const set = database.sql.prepare(
    "UPDATE events SET position = ?, size = ? WHERE run = (SELECT number FROM runs WHERE id = ?)",
  );
  for (const [position, size] of [
    [0, 1e15],
    [-1, 10],
    [1e15, 10],
  ] as const) {
    set.run(position, size, run.id);
    expect(store.events.read(run.id, 0, 100)).toEqual([{ ...place, kind: "lost", size }]);
  }
  set.run(0, -1, run.id);
  expect(store.events.read(run.id, 0, 100)).toEqual([{ seq: 1, at: place.at, kind: "damaged" }]);
  set.run(0, 20_000, run.id);
  expect(store.events.read(run.id, 0, 100)).toMatchObject([{ kind: "output", bytes }]);
});

test("thousands of hosts are read in slices, and once", async () => {
  let looks = 0;
  // Another millisecond whenever somebody looks.
  const hosts = createHostStore(database, { ...systemClock, elapsed: () => (looks += 1) });
  const fields = { port: 22, user: null, identityFile: null, jump: [], group: null, tags: [], color: null };
  const flags = {
    production: true,
    favorite: false,
    loginShell: false,
    hostKeyPolicy: null,
    transport: "auto",
    worker: "auto",
    legacyAlgorithms: false,
    source: "manual",
  } as const;
  const at = "2026-01-01T00:00:00.000Z";
  for (let index = 0; index < 400; index += 1) {
    hosts.insert({ name: `web${index}`, address: "10.0.0.1", ...fields, ...flags }, at);
  }
  const fresh = createHostStore(database, { ...systemClock, elapsed: () => (looks += 1) });
  let turns = 0;
  const tick = (): void => {
    turns += 1;
    ticking = setImmediate(tick);
  };
  let ticking = setImmediate(tick);
  const first = await fresh.list();
  clearImmediate(ticking);
  expect(first).toHaveLength(400);
  expect(turns).toBeGreaterThan(60);
  const again = await fresh.list();
  expect(again.every((host, index) => host === first[index])).toBe(true);
  const saved = fresh.update(first[0]?.id ?? 0, { name: "web-first" }, at);
  expect(saved).toMatchObject({ name: "web-first", production: true, address: "10.0.0.1" });
  expect((await fresh.list())[0]).toBe(saved);
  fresh.delete(saved.id);
  expect(fresh.byId(saved.id)).toBeUndefined();
  expect(await fresh.list()).toHaveLength(399);
});
