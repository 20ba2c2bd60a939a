import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { StoredEvent } from "../../../../daemon/runs/record/stored-event.ts";
import { listQueries } from "../../../../daemon/store/run-list.ts";
import { createRunStore } from "../../../../daemon/store/runs.ts";
import { searchedBytes } from "../../../../daemon/store/search.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";
import { endedRun } from "../../../support/stored-run.ts";

function output(seq: number, body: Buffer | string, noise = false): StoredEvent {
  return {
    seq,
    at: "2026-01-01T00:00:00.000Z",
    kind: "output",
    stream: "stdout",
    offset: 0,
    noise,
    bytes: Buffer.from(body),
  };
}

async function openStore() {
  const directory = await openDirectory();
  const database = openTestDatabase(directory.join("hostrun.db"));
  const store = createRunStore(database);
  const find = (q: string, more: object = {}): string[] =>
    store.list({ q, limit: 50, before: undefined, ...more }).runs.map(({ command }) => command);
  const indexAll = (): void => {
    while (store.index(10, 1_000_000));
  };
  return {
    database,
    store,
    find,
    indexAll,
    [Symbol.asyncDispose]: async () => {
      database[Symbol.dispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

test("a run is found by command, host and output, and no more once it is deleted", async () => {
  await using held = await openStore();
  const { store, find, indexAll, database } = held;
  const uptime = endedRun("uptime --pretty", "web1");
  store.create(uptime, [output(1, "up 3 weeks\n")], undefined);
  store.create(
    endedRun("df -h", "db1"),
    [output(1, "bash: noise\n", true), output(2, "Größe 81%")],
    undefined,
  );
  expect(find("UPTIME")).toEqual(["uptime --pretty"]);
  expect(find("weeks")).toEqual([]);
  indexAll();
  expect(find("weeks")).toEqual(["uptime --pretty"]);
  expect(find("--pre")).toEqual(["uptime --pretty"]);
  expect(find("WEB1")).toEqual(["uptime --pretty"]);
  expect(find("GRÖSSE")).toEqual([]);
  expect(find("größe")).toEqual(["df -h"]);
  expect(find("81%")).toEqual(["df -h"]);
  expect(find("noise")).toEqual([]);
  expect(find("weeks", { host: "db1" })).toEqual([]);
  expect(find("up")).toEqual(["uptime --pretty"]);
  store.delete(uptime.id);
  expect(find("weeks")).toEqual([]);
  database.sql.exec("INSERT INTO run_search (run_search) VALUES ('integrity-check')");
});

test("a run that is under way, or not yet taken in, is found by its command and host", async () => {
  await using held = await openStore();
  const { store, find, indexAll } = held;
  store.create({ ...endedRun("sleep 100", "web1"), state: "running", outcome: null }, [], undefined);
  store.create(endedRun("sleep 200", "web1"), [], undefined);
  expect(find("sleep")).toEqual(["sleep 200", "sleep 100"]);
  indexAll();
  store.create(endedRun("sleep 300", "web1"), [], undefined);
  expect(find("sleep")).toEqual(["sleep 300", "sleep 200", "sleep 100"]);
  expect(find("sleep", { limit: 2 })).toEqual(["sleep 300", "sleep 200"]);
  expect(find("sleep", { before: 2 })).toEqual(["sleep 100"]);
});

test("of long output the beginning and the end are found, of bytes that are no text nothing", async () => {
  await using held = await openStore();
  const { store, find, indexAll } = held;
  const filler = (length: number): string => ".".repeat(length);
  const long = Buffer.from(
    `first${filler(searchedBytes)}middle${filler(2 * searchedBytes)}last${filler(searchedBytes - 10)}end`,
  );
  const pieces: Buffer[] = [];
  for (let at = 0; at < long.length; at += 50_000) pieces.push(long.subarray(at, at + 50_000));
  const events = pieces.map((piece, index) => output(index + 1, piece));
  store.create(endedRun("long", "web1"), events, undefined);
  const one = `short${filler(searchedBytes)}just over`;
  store.create(endedRun("one piece", "web1"), [output(1, one)], undefined);
  const binary = Buffer.concat([Buffer.from("\0\xff", "latin1"), Buffer.from("hidden")]);
  store.create(endedRun("binary", "web1"), [output(1, binary), output(2, "seen\0also")], undefined);
  indexAll();
  expect(find("first")).toEqual(["long"]);
  expect(find("middle")).toEqual([]);
  expect(find("last")).toEqual(["long"]);
  expect(find("end")).toEqual(["long"]);
  expect(find("just over")).toEqual(["one piece"]);
  expect(find("hidden")).toEqual([]);
  expect(find("also")).toEqual(["binary"]);
});

test("whatever is looked for is text, never syntax: it finds what holds it, and nothing else", async () => {
  await using held = await openStore();
  const { store, find, indexAll } = held;
  const hostile = [
    '"',
    "'",
    "a OR b",
    "command:x",
    "NEAR(a b)",
    "x*",
    "^abc",
    "-abc",
    "(",
    "%_%",
    "{a}: b",
    '""',
  ];
  for (const text of hostile) store.create(endedRun(`echo ${text} end`, "web1"), [], undefined);
  indexAll();
  for (const text of hostile) {
    const expected = hostile.filter((other) => `echo ${other} end`.includes(`${text} end`));
    expect(find(`${text} end`).sort()).toEqual(expected.map((other) => `echo ${other} end`).sort());
  }
  expect(find("abc\0end")).toEqual([]);
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 12 }), (text) => {
      expect(find(text).every((command) => typeof command === "string")).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("among 100,000 runs the index finds, and none is read that does not match", async () => {
  await using held = await openStore();
  const { store, database, find } = held;
  const first = endedRun("template", "web1");
  store.create(first, [], undefined);
  database.sql.exec(`
    BEGIN;
    WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
    INSERT INTO runs (number, id, host_name, host_address, command, options, state, outcome, exit_code, created_at,
      ended_at, cached, reused_connection, timings, searchable)
    SELECT n, substr(id, 1, 24) || printf('%012x', n), 'web' || (n % 500), host_address, 'echo run ' || n, options,
      state, outcome, exit_code, created_at, ended_at, cached, reused_connection, timings, 1 FROM n, runs WHERE number = 1;
    INSERT INTO run_search (rowid, command, host, output)
      SELECT number, command, host_name, 'ok ' || (number * 7919) || CASE number WHEN 4711 THEN ' needle' ELSE '' END
      FROM runs WHERE number > 1;
    COMMIT`);
  const spans: [string, number][] = [];
  const timed = (q: string, more: object = {}): string[] => {
    const at = performance.now();
    const found = find(q, more);
    spans.push([q, performance.now() - at]);
    return found;
  };
  expect(timed("needle")).toEqual(["echo run 4711"]);
  expect(timed("echo run")).toHaveLength(50);
  expect(timed("echo run", { host: "web7" })).toHaveLength(50);
  expect(timed("nothing has this")).toEqual([]);
  expect(timed("99")).toHaveLength(50);
  console.log(spans.map(([q, ms]) => `${q}: ${ms.toFixed(1)} ms`).join(", "));

  const [indexed, rest] = listQueries({ q: "needle", limit: 50, before: 90_000 });
  const planOf = (query: typeof indexed): string[] =>
    database.sql
      .prepare<[object], { detail: string }>(`EXPLAIN QUERY PLAN ${query?.text}`)
      .all(query?.values ?? {})
      .map(({ detail }) => detail);
  // M3: MATCH over all columns; `<`: bounded by row id; no "USE TEMP B-TREE FOR ORDER BY".
  expect(planOf(indexed)).toEqual([
    expect.stringMatching(/^SCAN run_search VIRTUAL TABLE INDEX \d+:M3<$/),
    "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
  ]);
  expect(planOf(rest)).toEqual([expect.stringContaining("INDEX runs_not_searchable")]);
}, 60_000);
