import type Sqlite from "better-sqlite3";
import type { OutputStream } from "../../protocol/event.ts";
import { Problem } from "../../protocol/problem.ts";
import type { RecordedOutput, RunStore, StoredEvent } from "../runs/run-store.ts";
import { createCutter } from "./cutting.ts";

interface EventRow {
  seq: number;
  at: string;
  stream: OutputStream | null;
  start: number | null;
  noise: number;
  body: Buffer;
}

interface PieceRow {
  seq: number;
  size: number;
}

export interface EventTable {
  insert(run: number, events: readonly StoredEvent[]): void;
  copyOutput(from: number, to: number, firstSeq: number): number;
  page(run: number, after: number, maxBytes: number): StoredEvent[];
  lastSeq(run: number): number;
  cutOutput: RunStore["cutOutput"];
  output(run: number, stream: OutputStream | "both"): RecordedOutput;
}

export function createEventTable(sql: Sqlite.Database): EventTable {
  const insert = sql.prepare<[number, number, string, string | null, number | null, number, Buffer]>(
    "INSERT INTO events (run, seq, at, stream, start, noise, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const copy = sql.prepare<[number, number, number]>(
    `INSERT INTO events (run, seq, at, stream, start, noise, body)
     SELECT ?, row_number() OVER (ORDER BY seq) + ?, at, stream, start, noise, body
     FROM events WHERE run = ? AND stream IS NOT NULL ORDER BY seq`,
  );
  const after = sql.prepare<[number, number], EventRow>(
    "SELECT seq, at, stream, start, noise, body FROM events WHERE run = ? AND seq > ? ORDER BY seq",
  );
  const last = sql
    .prepare<[number], number>("SELECT coalesce(max(seq), 0) FROM events WHERE run = ?")
    .pluck();
  const insertAll = (run: number, events: readonly StoredEvent[]): void => {
    for (const { seq, at, stream, start, noise, body } of events) {
      insert.run(run, seq, at, stream, start, noise ? 1 : 0, body);
    }
  };
  return {
    insert: insertAll,
    cutOutput: createCutter(sql, insertAll),
    copyOutput: (from, to, firstSeq) => firstSeq + copy.run(to, firstSeq - 1, from).changes,
    page: (run, seq, maxBytes) => {
      const events: StoredEvent[] = [];
      let bytes = 0;
      for (const row of after.iterate(run, seq)) {
        events.push({ ...row, noise: row.noise === 1 });
        bytes += row.body.length;
        if (bytes >= maxBytes) break;
      }
      return events;
    },
    lastSeq: (run) => last.get(run) ?? 0,
    output: (run, stream) => recordedOutput(sql, run, stream),
  };
}

/** Knows where each recorded piece lies and reads one at a time. */
function recordedOutput(sql: Sqlite.Database, run: number, stream: OutputStream | "both"): RecordedOutput {
  const which = stream === "both" ? "stream IS NOT NULL" : "stream = ?";
  const values = stream === "both" ? [run] : [run, stream];
  const pieces = sql
    .prepare<(number | string)[], PieceRow>(
      `SELECT seq, length(body) AS size FROM events WHERE run = ? AND ${which} ORDER BY seq`,
    )
    .all(...values);
  const body = sql
    .prepare<[number, number], Buffer>("SELECT body FROM events WHERE run = ? AND seq = ?")
    .pluck();
  const total = pieces.reduce((sum, piece) => sum + piece.size, 0);
  return {
    size: total,
    end: stream === "both" ? total : endOf(sql, run, stream),
    *read(from, to) {
      let start = 0;
      for (const { seq, size } of pieces) {
        const end = start + size;
        if (end > from && start < to) {
          const bytes = body.get(run, seq);
          if (bytes === undefined)
            throw new Problem("conflict", "This output was dropped while it was read.");
          yield bytes.subarray(Math.max(0, from - start), Math.min(size, to - start));
        }
        if (end >= to) return;
        start = end;
      }
    },
  };
}

/** Where the last recorded piece of a stream ends, or the last gap in it. */
function endOf(sql: Sqlite.Database, run: number, stream: OutputStream): number {
  const output = sql
    .prepare<[number, string], number>(
      "SELECT start + length(body) FROM events WHERE run = ? AND stream = ? ORDER BY seq DESC LIMIT 1",
    )
    .pluck();
  const gap = sql
    .prepare<[number, string], number>(
      `SELECT coalesce(max(CAST(body AS TEXT) ->> '$.to'), 0) FROM events
       WHERE run = ? AND stream IS NULL AND CAST(body AS TEXT) ->> '$.type' = 'gap'
         AND CAST(body AS TEXT) ->> '$.stream' = ?`,
    )
    .pluck();
  return Math.max(output.get(run, stream) ?? 0, gap.get(run, stream) ?? 0);
}
