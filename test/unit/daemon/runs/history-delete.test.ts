import { expect, test } from "vitest";
import { createMemoryCache } from "../../../../daemon/cache/memory.ts";
import { systemClock } from "../../../../daemon/core/clock.ts";
import { silentLog } from "../../../../daemon/core/log.ts";
import { RunHistory } from "../../../../daemon/runs/history.ts";
import type { EventLog } from "../../../../daemon/runs/record/event-log.ts";
import { LiveRun } from "../../../../daemon/runs/record/live-run.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";
import { problemOf } from "../../../support/http.ts";
import { queuedRun } from "../../../support/stored-run.ts";

test("a run whose ending a full disk did not take can be deleted, and nothing of it is written then", async () => {
  await using directory = await openDirectory();
  using database = openTestDatabase(directory.join("db"));
  const store = createRunStore(database);
  let full = false;
  const append: EventLog["append"] = (...written) => {
    if (full) throw new Error("database or disk is full");
    store.events.append(...written);
  };
  const parts = { clock: systemClock, log: silentLog, onChange: () => undefined };
  const start = queuedRun("x", "web1");
  const events = { ...store.events, append };
  const live = new LiveRun(start, { key: undefined }, 1000, { ...parts, store: { ...store, events } });
  let known: LiveRun | undefined = live;
  const engine = { live: () => known, followed: () => known };
  const history = new RunHistory({
    store,
    engine,
    cache: createMemoryCache(),
    onAnnotated: () => undefined,
    onDeleted: () => undefined,
  });
  expect((await problemOf(history.delete(start.id))).code).toBe("conflict");
  full = true;
  live.end({ outcome: "exited", exitCode: 0 });
  expect(await history.get(start.id)).toMatchObject({ state: "ended", outcome: "unknown" });
  await history.delete(start.id);
  await live.persisted;
  known = undefined;
  full = false;
  expect(store.has(start.id)).toBe(false);
  expect(await problemOf(history.delete(start.id))).toMatchObject({ code: "run_unknown" });
});
