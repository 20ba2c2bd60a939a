import { expect, test } from "vitest";
import { type DurablePlan, unstarted } from "../../../../daemon/runs/durable/plan.ts";
import { createDurablePlans, plannedRuns } from "../../../../daemon/store/durable-runs.ts";
import { locationOf, recordLocation } from "../../../../daemon/store/location.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { plainHopSettings } from "../../../../daemon/transport/hop-settings.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

test("a start reads no other run to find the durable ones", async () => {
  await using directory = await openDirectory();
  using database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  for (let number = 0; number < 100; number += 1) store.create(endedRun("true", "web1"), [], undefined);
  // As a stop leaves it: SQLite then knows that there are many runs.
  database.sql.exec("ANALYZE");
  const plan = database.sql.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${plannedRuns}`).all();
  expect(plan.map(({ detail }) => detail)).toEqual([
    "SCAN durable_runs",
    "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
  ]);
});

const plan: DurablePlan = {
  target: {
    name: "web1",
    address: "10.0.0.5",
    port: 22,
    user: "deploy",
    identityFiles: [],
    identitiesOnly: false,
    hostKeyPolicy: "strict",
    settings: plainHopSettings,
    jump: [],
  },
  agentSocket: null,
  connectTimeoutMs: 20_000,
  timeoutMs: 0,
  recordLimitBytes: 1000,
  ...unstarted,
};
const stop = { reason: "cancelled", graceMs: 500 } as const;

/** A store in which these runs had plans when they were deleted. */
async function openDeleted(runs: readonly { stopConfirmed: boolean | null; stop: typeof stop | null }[]) {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const database = stack.use(openTestDatabase(directory.join("db")));
  const store = createRunStore(database);
  const plans = createDurablePlans(database);
  const ids = runs.map(({ stopConfirmed, ...stopped }) => {
    const run = { ...endedRun("durable", "web1"), stopConfirmed };
    store.create(run, [], undefined);
    plans.save(run.id, { ...plan, ...stopped });
    store.delete(run.id);
    return run.id;
  });
  const owned = stack.move();
  return { directory, database, plans, ids, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("what is left to do on a host outlives the deleted run, until it is done", async () => {
  await using deleted = await openDeleted([
    { stopConfirmed: false, stop },
    { stopConfirmed: true, stop },
    { stopConfirmed: null, stop: null },
    // Its ending was not stored yet.
    { stopConfirmed: null, stop },
  ]);
  const { plans, ids } = deleted;
  expect(plans.list()).toEqual({ planned: [], unreadable: [] });
  const [unconfirmed, , , early] = ids;
  const left = ids.map((id) => ({
    run: { id, stopConfirmed: id === unconfirmed || id === early ? false : null },
  }));
  expect(plans.listDeleted()).toMatchObject(left);
  expect(plans.listDeleted()[0]?.plan).toEqual({ ...plan, stop });
  for (const id of ids) plans.forget(id);
  expect(plans.listDeleted()).toEqual([]);
});

test("a copy of a store leaves what is left to do for its deleted runs to the original", async () => {
  await using deleted = await openDeleted([{ stopConfirmed: false, stop }]);
  recordLocation(deleted.database, "elsewhere");
  recordLocation(deleted.database, locationOf(deleted.directory.path));
  expect(deleted.plans.listDeleted()).toMatchObject([{ plan: { isOwn: false } }]);
});

test("90 days after a run was deleted, its host is not asked any more", async () => {
  await using deleted = await openDeleted([{ stopConfirmed: false, stop }]);
  const { database, plans } = deleted;
  const age = (days: number) =>
    database.sql
      .prepare("UPDATE deleted_durable_runs SET deleted_at = datetime('now', ?)")
      .run(`-${days} days`);
  age(89);
  expect(plans.listDeleted()).toHaveLength(1);
  age(91);
  expect(plans.listDeleted()).toEqual([]);
  const store = createRunStore(database);
  const other = endedRun("true", "web1");
  store.create(other, [], undefined);
  store.delete(other.id);
  expect(database.sql.prepare("SELECT count(*) FROM deleted_durable_runs").pluck().get()).toBe(0);
});
