import type Sqlite from "better-sqlite3";
import type { Run } from "../../protocol/run.ts";
import type { RunStore } from "../runs/record/run-store.ts";
import type { Database } from "./database.ts";
import { Endings } from "./endings.ts";
import { createEventLog } from "./event-log.ts";
import { createEventTable, type EventTable } from "./events.ts";
import { createKeyTable } from "./idempotency-keys.ts";
import { listRuns } from "./run-list.ts";
import { mapStorageErrors } from "./storage-errors.ts";
import { RunNumbers } from "./run-numbers.ts";
import { fromRow, insertRun, type RunRow, toRow } from "./run-row.ts";
import { createSearchTable } from "./search.ts";
import { Segments } from "./segments.ts";
import { createdAt, StoredRun } from "./stored-run.ts";

export interface OutputLimits {
  /** Pieces of output at least this long are stored in files. */
  readonly inlineBytes: number;
  /** A file of at least this length is not appended to. */
  readonly segmentBytes: number;
}

/**
 * Below `inlineBytes`, a row costs less than a write to a file. `segmentBytes` is small because dropping output frees
 * space only by whole files.
 */
const usualLimits: OutputLimits = { inlineBytes: 16 * 1024, segmentBytes: 4 * 1024 * 1024 };

/** Runs and their events in SQLite, with long pieces of output in files beside it. */
export function createRunStore(database: Database, limits: OutputLimits = usualLimits): RunStore {
  const { sql, damage, reserve } = database;
  const segments = new Segments(database.outputFolder, limits.segmentBytes);
  const events = createEventTable(sql, segments, limits.inlineBytes);
  const search = createSearchTable(sql, segments);
  const keys = createKeyTable(sql);
  const endings = new Endings(database);
  const numbers = new RunNumbers(sql);
  const byId = sql.prepare<[string], RunRow>("SELECT * FROM runs WHERE id = ?");
  const exists = sql.prepare<[string], number>("SELECT 1 FROM runs WHERE id = ?");
  const open = sql.prepare<[], RunRow>("SELECT * FROM runs WHERE state <> 'ended' ORDER BY number");
  const remove = sql.prepare<[number]>("DELETE FROM runs WHERE number = ?");
  const say = sql.prepare<[number, string | null, number]>(
    "UPDATE runs SET pinned = ?, note = ? WHERE number = ?",
  );
  const isKnown = sql.prepare<[number], number>("SELECT number FROM runs WHERE number = ?");
  const count = sql.prepare<[], number>("SELECT count(*) FROM runs").pluck();
  const inFiles = sql.prepare<[], number>("SELECT sum(size) FROM events WHERE segment IS NOT NULL").pluck();
  const annotate = sql.transaction((row: RunRow, { pinned, note }: Pick<Run, "pinned" | "note">) => {
    say.run(pinned ? 1 : 0, note, row.number);
    if (note !== row.note) search.forget(row.number);
  });

  return {
    events: createEventLog(database, { events, segments, endings, numbers }),
    endInOneCommit: (work) => endings.inOneCommit(work),
    create: intentWriter(database, { events, keys, numbers }),
    get: (id) => {
      const row = byId.get(id);
      return row === undefined ? undefined : fromRow(row, damage);
    },
    has: (id) => exists.get(id) !== undefined,
    list: (filter) => listRuns(sql, filter, damage),
    listOpen: () => open.all().flatMap((row) => fromRow(row, damage) ?? []),
    annotate: (id, { pinned, note }) => {
      const row = byId.get(id);
      if (row !== undefined) mapStorageErrors(() => annotate(row, { pinned, note }));
    },
    delete: (id) => {
      const number = byId.get(id)?.number;
      if (number === undefined) return;
      reserve.lend(() => mapStorageErrors(() => void remove.run(number)));
      numbers.ended(id);
      void segments.remove(number).catch(() => undefined); // Remaining files are removed by the next sweep.
    },
    sweepFiles: (signal) => segments.sweep((number) => isKnown.get(number) !== undefined, signal),
    keyOf: (key) => keys.keyOf(key),
    forgetKeysBefore: (instant) => keys.forgetKeysBefore(instant),
    index: (maxRuns, maxBytes) => search.index(maxRuns, maxBytes),
    countRuns: () => count.get() ?? 0,
    pinned: pinnedRuns(sql),
    oldestEnded: oldestEnded(sql),
    usedBytes: () => pageBytes(sql) + (inFiles.get() ?? 0),
    bytesInFiles: () => inFiles.get() ?? 0,
  };
}

interface IntentParts {
  readonly events: EventTable;
  readonly keys: ReturnType<typeof createKeyTable>;
  readonly numbers: RunNumbers;
}

/** Writes a run with its first events before its command is sent. */
function intentWriter(
  { sql, reserve }: Database,
  { events, keys, numbers }: IntentParts,
): RunStore["create"] {
  const insert = sql.prepare<[object]>(insertRun);
  type Write = (...intent: Parameters<RunStore["create"]>) => number;
  const write = sql.transaction<Write>((run, first, idempotency) => {
    reserve.demand();
    const number = Number(insert.run(toRow(run)).lastInsertRowid);
    events.insert({ id: run.id, number }, first);
    if (idempotency !== undefined) keys.insert({ ...idempotency, madeId: run.id, createdAt: run.createdAt });
    return number;
  });
  return (run, first, idempotency) => {
    const number = mapStorageErrors(() => write(run, first, idempotency));
    if (run.state !== "ended") numbers.begun(run.id, number);
  };
}

/** Bytes in use in the database's pages, without its free pages. */
function pageBytes(sql: Sqlite.Database): number {
  const pragma = (name: string): number => Number(sql.pragma(name, { simple: true }));
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}

function pinnedRuns(sql: Sqlite.Database): RunStore["pinned"] {
  const pinned = sql.prepare<[], { runs: number; bytes: number }>(
    `SELECT count(*) AS runs, coalesce(sum(max(0, stdout_bytes + stderr_bytes - truncated_bytes)), 0) AS bytes
     FROM runs INDEXED BY runs_pinned WHERE pinned = 1`,
  );
  return () => pinned.get() ?? { runs: 0, bytes: 0 };
}

/** Excludes values that are not an instant. */
function oldestEnded(sql: Sqlite.Database): RunStore["oldestEnded"] {
  const oldest = sql.prepare<[], { id: string; endedAt: string }>(
    `SELECT id, ended_at AS endedAt FROM runs INDEXED BY runs_by_end
     WHERE state = 'ended' AND pinned = 0 AND ended_at BETWEEN '0' AND ':' ORDER BY ended_at LIMIT 1`,
  );
  return () => {
    const row = oldest.get();
    if (row === undefined || StoredRun.shape.endedAt.safeParse(row.endedAt).success) return row;
    return { ...row, endedAt: createdAt(row.id) };
  };
}
