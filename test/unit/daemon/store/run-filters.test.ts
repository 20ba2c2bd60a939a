import { afterAll, expect, test } from "vitest";
import { listQueries } from "../../../../daemon/store/run-list.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import type { Run } from "../../../../protocol/run.ts";
import type { RunQuery } from "../../../../protocol/run-query.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

const directory = await openDirectory();
const database = openTestDatabase(directory.join("db"));
const store = createRunStore(database);
afterAll(async () => {
  database[Symbol.dispose]();
  await directory[Symbol.asyncDispose]();
});

const job = "0199aaaa-0000-7000-8000-000000000000";
const day = (number: number): string => `2026-01-0${number}T00:00:00.000Z`;
const add = (command: string, more: Partial<Run> = {}): Run => {
  const run = { ...endedRun(command, "web1"), ...more };
  store.create(run, [], undefined);
  return run;
};
add("zero", { createdAt: day(1) });
add("three", { createdAt: day(2), exitCode: 3, jobId: job });
add("signal", { createdAt: day(3), outcome: "signaled", exitCode: null, signal: "TERM" });
add("never", {
  createdAt: day(4),
  outcome: "failed",
  exitCode: null,
  host: { id: 1, name: "db1", address: "d" },
});
add("running", { createdAt: day(5), state: "running", outcome: null, exitCode: null, endedAt: null });
add("big", { createdAt: day(6), exitCode: 255, jobId: job.replace("aaaa-0", "aaaa-1") });
const kept = add("kept", { createdAt: day(7) });
store.annotate(kept.id, { pinned: true, note: "the day it broke" });

const filtered = (query: RunQuery): string[] =>
  store.list({ ...query, limit: 50, before: undefined }).runs.map(({ command }) => command);

test.each<[RunQuery, string[]]>([
  [{ exit: "0" }, ["kept", "zero"]],
  [{ exit: "3" }, ["three"]],
  [{ exit: "!0" }, ["big", "three"]],
  [{ exit: "!3" }, ["kept", "big", "zero"]],
  [{ exit: ">3" }, ["big"]],
  [{ exit: ">=3" }, ["big", "three"]],
  [{ exit: "<3" }, ["kept", "zero"]],
  [{ exit: "<=3" }, ["kept", "three", "zero"]],
  [{ notIs: "failed" }, ["kept", "running", "zero"]],
  [{ notIs: "succeeded" }, ["big", "running", "never", "signal", "three"]],
  [{ notIs: "running" }, ["kept", "big", "never", "signal", "three", "zero"]],
  [{ notOutcome: "exited" }, ["running", "never", "signal"]],
  [{ notState: "ended" }, ["running"]],
  [{ notState: "running" }, ["kept", "big", "never", "signal", "three", "zero"]],
  [{ notHost: "web1" }, ["never"]],
  [{ notHost: "db1", exit: "!0" }, ["big", "three"]],
  [{ notHost: "db1,web1" }, []],
  // All of these hosts have this id, and none this name.
  [{ notHost: "1" }, []],
  [{ notHost: "7" }, ["kept", "big", "running", "never", "signal", "three", "zero"]],
  [{ notJob: "0199aaaa" }, ["kept", "running", "never", "signal", "zero"]],
  [{ is: "failed" }, ["big", "never", "signal", "three"]],
  [{ is: "succeeded" }, ["kept", "zero"]],
  [{ is: "running" }, ["running"]],
  [{ outcome: "failed" }, ["never"]],
  [{ outcome: "exited", exit: "!0" }, ["big", "three"]],
  [{ job }, ["three"]],
  [{ job: "0199aaaa" }, ["big", "three"]],
  [{ pinned: "true" }, ["kept"]],
  [{ pinned: "false", is: "succeeded" }, ["zero"]],
  [{ q: "IT BROKE" }, ["kept"]],
  [{ q: "ok", pinned: "true" }, ["kept"]],
  [{ since: day(6) }, ["kept", "big"]],
  [{ until: day(2) }, ["zero"]],
  [{ since: day(2), until: day(4) }, ["signal", "three"]],
  [{ since: day(8) }, []],
  [{ until: day(1) }, []],
  [{ host: "db1", is: "failed" }, ["never"]],
])("%j: what is found", (query, commands) => {
  expect(filtered(query)).toEqual(commands);
});

test("a run that was made while the clock was wrong is in its time all the same", () => {
  const late = add("back in time", { createdAt: day(3) });
  expect(filtered({ since: day(3), until: day(4) })).toEqual(["back in time", "signal"]);
  store.delete(late.id);
});

test("a note is found once, by its words of today, also of a run that was taken in", () => {
  while (store.index(10, 1_000_000));
  expect(filtered({ q: "it broke" })).toEqual(["kept"]);
  store.annotate(kept.id, { pinned: true, note: "the day it was mended" });
  expect(filtered({ q: "it broke" })).toEqual([]);
  expect(filtered({ q: "was mended" })).toEqual(["kept"]);
  while (store.index(10, 1_000_000));
  expect(filtered({ q: "was mended" })).toEqual(["kept"]);
  expect(filtered({ q: "kept" })).toEqual(["kept"]);
  database.sql.exec("INSERT INTO run_search (run_search) VALUES ('integrity-check')");
});

test("the earlier runs of the same command on the same host, and no others", () => {
  const long = "x".repeat(120);
  const [first, second] = [add(`${long}1`), add(`${long}1`)];
  add(`${long}2`);
  add(`${long}1`, { host: { id: 1, name: "db1", address: "d" } });
  const third = add(`${long}1`);
  const before = (run: Run): string[] =>
    store.list({ previousOf: run.id, limit: 50, before: undefined }).runs.map(({ id }) => id);
  expect(before(third)).toEqual([second.id, first.id]);
  expect(before(first)).toEqual([]);
});

/** How SQLite goes about it. */
function planOf(query: RunQuery): string {
  return listQueries({ ...query, limit: 50, before: undefined })
    .flatMap(({ text, values }) =>
      database.sql.prepare<[object], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all(values),
    )
    .map(({ detail }) => detail)
    .join("\n");
}

test.each<[RunQuery, RegExp]>([
  [{ is: "failed" }, /runs_not_succeeded/],
  [{ exit: "!0" }, /runs_not_succeeded/],
  [{ exit: "3" }, /runs_not_succeeded/],
  [{ outcome: "timedOut" }, /runs_not_succeeded/],
  [{ pinned: "true" }, /runs_pinned/],
  [{ is: "running" }, /rowid=\?[\s\S]*runs_open/],
  [{ state: "queued" }, /rowid=\?[\s\S]*runs_open/],
  [{ job }, /runs_by_job/],
  [{ host: "web1" }, /runs_by_host/],
  [{ since: day(6) }, /PRIMARY KEY \(rowid>\?\)/],
  [{ until: day(6) }, /PRIMARY KEY \(rowid<\?\)/],
  [{ previousOf: kept.id }, /runs_by_command/],
])("%j does not read every run", (query, plan) => {
  expect(planOf(query)).toMatch(plan);
});
