import type Sqlite from "better-sqlite3";
import type { OutputStream } from "../../protocol/event.ts";
import type { RecordedOutput, StreamPlace } from "../runs/record/event-log.ts";
import type { RecordedEvent, StoredEvent } from "../runs/record/stored-event.ts";
import { createTruncation, type TruncateMiddle } from "./truncation.ts";
import { eventColumns, eventOf, type EventRow, rowOf, type RunKey } from "./event-row.ts";
import { placeOf, recordedOutput } from "./recorded-output.ts";
import type { Segments } from "./segments.ts";

export interface EventTable {
  insert(run: RunKey, events: readonly StoredEvent[]): void;
  copyOutput(from: number, to: number, firstSeq: number): number;
  page(run: number, after: number, maxBytes: number): RecordedEvent[];
  lastSeq(run: number): number;
  last(run: number): RecordedEvent | undefined;
  truncateMiddle: TruncateMiddle;
  placeOf(run: number, stream: OutputStream, offset: number): StreamPlace;
  output(run: number, stream: OutputStream | "both"): RecordedOutput;
}

const nothing = Buffer.alloc(0);

/** `inlineBytes`: pieces of output at least this long are stored in files. */
export function createEventTable(sql: Sqlite.Database, segments: Segments, inlineBytes: number): EventTable {
  const insert = createInsert(sql, segments, inlineBytes);
  const after = sql.prepare<[number, number], EventRow>(
    `SELECT ${eventColumns} FROM events WHERE run = ? AND seq > ? ORDER BY seq`,
  );
  const lastSeq = sql
    .prepare<[number], number>("SELECT coalesce(max(seq), 0) FROM events WHERE run = ?")
    .pluck();
  const last = sql.prepare<[number], EventRow>(
    `SELECT ${eventColumns} FROM events WHERE run = ? ORDER BY seq DESC LIMIT 1`,
  );
  return {
    insert,
    truncateMiddle: createTruncation(sql, segments, insert),
    copyOutput: createCopy(sql, segments),
    page: (run, seq, maxBytes) => {
      using reader = segments.reader(run);
      const events: RecordedEvent[] = [];
      let bytes = 0;
      for (const row of after.iterate(run, seq)) {
        events.push(eventOf(row, reader));
        bytes += row.size ?? row.body.length;
        if (bytes >= maxBytes) break;
      }
      return events;
    },
    lastSeq: (run) => lastSeq.get(run) ?? 0,
    last: (run) => {
      const row = last.get(run);
      if (row === undefined) return undefined;
      using reader = segments.reader(run);
      return eventOf(row, reader);
    },
    placeOf: (run, stream, offset) => placeOf(sql, { run, stream }, offset),
    output: (run, stream) => recordedOutput(sql, segments, { run, stream }),
  };
}

function createInsert(sql: Sqlite.Database, segments: Segments, inlineBytes: number) {
  const insert = sql.prepare<[object]>(
    `INSERT INTO events (run, ${eventColumns})
     VALUES (@run, @seq, @at, @stream, @start, @noise, @body, @segment, @position, @size)`,
  );
  const lastSegment = sql
    .prepare<[number], number>(
      "SELECT coalesce(max(segment), 0) FROM events WHERE run = ? AND segment IS NOT NULL",
    )
    .pluck();
  return ({ number: run, id }: RunKey, events: readonly StoredEvent[]): void => {
    const long: Buffer[] = [];
    for (const event of events) {
      if (event.kind === "output" && event.bytes.length >= inlineBytes) long.push(event.bytes);
    }
    const places = long.length === 0 ? [] : segments.append(run, long, () => lastSegment.get(run) ?? 0);
    let placed = 0;
    for (const event of events) {
      const row = rowOf(event, id);
      const place = row.body === long[placed] ? places[placed++] : undefined;
      insert.run(place === undefined ? { run, ...row } : { run, ...row, ...place, body: nothing });
    }
  };
}

function createCopy(sql: Sqlite.Database, segments: Segments): EventTable["copyOutput"] {
  const copy = sql.prepare<[number, number, number]>(
    `INSERT INTO events (run, ${eventColumns})
     SELECT ?, row_number() OVER (ORDER BY seq) + ?, at, stream, start, noise, body, segment, position, size
     FROM events WHERE run = ? AND stream IS NOT NULL ORDER BY seq`,
  );
  const inFiles = sql
    .prepare<[number], number>("SELECT count(*) FROM events WHERE run = ? AND segment IS NOT NULL")
    .pluck();
  return (from, to, firstSeq) => {
    if ((inFiles.get(from) ?? 0) > 0) segments.copy(from, to);
    return firstSeq + copy.run(to, firstSeq - 1, from).changes;
  };
}
