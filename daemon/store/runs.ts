import type Sqlite from "better-sqlite3";
import type { RunStore, StoredEvent } from "../runs/run-store.ts";
import type { Database } from "./database.ts";
import { createEventTable } from "./events.ts";
import { roomFor } from "./room.ts";
import { listRuns } from "./run-list.ts";
import { fromRow, insertRun, type RunRow, toRow, updateRun } from "./run-row.ts";
import { createSearchTable } from "./search.ts";

/** Runs, their events and their output in SQLite. */
export function createRunStore(database: Database): RunStore {
  const { sql } = database;
  const events = createEventTable(sql);
  const search = createSearchTable(sql);
  const insert = sql.prepare<[object]>(insertRun);
  const update = sql.prepare<[object]>(updateRun);
  const byId = sql.prepare<[string], RunRow>("SELECT * FROM runs WHERE id = ?");
  const open = sql.prepare<[], RunRow>("SELECT * FROM runs WHERE state <> 'ended' ORDER BY number");
  const remove = sql.prepare<[number]>("DELETE FROM runs WHERE number = ?");
  const count = sql.prepare<[], number>("SELECT count(*) FROM runs").pluck();
  const key = sql.prepare<[string], { requestSha256: string; runId: string }>(
    "SELECT request_sha256 AS requestSha256, run_id AS runId FROM idempotency_keys WHERE key = ?",
  );
  const insertKey = sql.prepare<[string, string, string, string]>(
    "INSERT OR REPLACE INTO idempotency_keys (key, request_sha256, run_id, created_at) VALUES (?, ?, ?, ?)",
  );
  const forgetKeys = sql.prepare<[string]>("DELETE FROM idempotency_keys WHERE created_at < ?");

  const create = sql.transaction<RunStore["create"]>((run, first, idempotency) => {
    const number = Number(insert.run(toRow(run)).lastInsertRowid);
    events.insert(number, first);
    if (idempotency !== undefined) {
      insertKey.run(idempotency.key, idempotency.requestSha256, run.id, run.createdAt);
    }
    return number;
  });
  const append = sql.transaction<RunStore["append"]>((number, more, run) => {
    events.insert(number, more);
    if (run !== undefined) update.run({ ...toRow(run), number });
  });

  return {
    epoch: database.epoch,
    create: (run, first, idempotency) => roomFor(() => create(run, first, idempotency)),
    append: (number, more, run) => roomFor(() => append(number, more, run)),
    cutOutput: (...cut) => events.cutOutput(...cut),
    copyOutput: (from, to, firstSeq) => events.copyOutput(from, to, firstSeq),
    get: (id) => {
      const row = byId.get(id);
      return row === undefined ? undefined : fromRow(row);
    },
    list: (filter) => listRuns(sql, filter),
    listOpen: () => open.all().map(fromRow),
    delete: (number) => {
      roomFor(() => remove.run(number));
    },
    events: (number, after, maxBytes): StoredEvent[] => events.page(number, after, maxBytes),
    lastSeq: (number) => events.lastSeq(number),
    output: (number, stream) => events.output(number, stream),
    keyOf: (name) => key.get(name),
    forgetKeysBefore: (created) => {
      forgetKeys.run(created);
    },
    index: (maxRuns, maxBytes) => search.index(maxRuns, maxBytes),
    countRuns: () => count.get() ?? 0,
    oldestEnded: oldestEnded(sql),
    usedBytes: () => usedBytes(sql),
  };
}

function usedBytes(sql: Sqlite.Database): number {
  const pragma = (name: string): number => Number(sql.pragma(name, { simple: true }));
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}

function oldestEnded(sql: Sqlite.Database): RunStore["oldestEnded"] {
  const oldest = sql.prepare<[], { id: string; endedAt: string }>(
    `SELECT id, ended_at AS endedAt FROM runs INDEXED BY runs_by_end
     WHERE state = 'ended' AND ended_at IS NOT NULL ORDER BY ended_at LIMIT 1`,
  );
  return () => oldest.get();
}
