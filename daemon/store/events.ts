import type Sqlite from "better-sqlite3";
import type { OutputStream } from "../../protocol/event.ts";
import type { RecordedOutput, RunStore, StoredEvent } from "../runs/record/run-store.ts";
import { type BodyRow, bodyOf } from "./body.ts";
import { createCutter } from "./cutting.ts";
import { placeOf, recordedOutput } from "./recorded-output.ts";
import type { SegmentReader, Segments } from "./segments.ts";

interface EventRow extends BodyRow {
  readonly seq: number;
  readonly at: string;
  readonly stream: OutputStream | null;
  readonly start: number | null;
  readonly noise: number;
}

export interface EventTable {
  insert(run: number, events: readonly StoredEvent[]): void;
  copyOutput(from: number, to: number, firstSeq: number): number;
  page(run: number, after: number, maxBytes: number): StoredEvent[];
  lastSeq(run: number): number;
  cutOutput: RunStore["cutOutput"];
  placeOf: RunStore["placeOf"];
  output(run: number, stream: OutputStream | "both"): RecordedOutput;
}

const columns = "seq, at, stream, start, noise, body, segment, position, size";
const nothing = Buffer.alloc(0);

/** `inlineBytes`: a piece of output that is no shorter lies in a file. */
export function createEventTable(sql: Sqlite.Database, segments: Segments, inlineBytes: number): EventTable {
  const insert = createInsert(sql, segments, inlineBytes);
  const after = sql.prepare<[number, number], EventRow>(
    `SELECT ${columns} FROM events WHERE run = ? AND seq > ? ORDER BY seq`,
  );
  const last = sql
    .prepare<[number], number>("SELECT coalesce(max(seq), 0) FROM events WHERE run = ?")
    .pluck();
  return {
    insert,
    cutOutput: createCutter(sql, segments, insert),
    copyOutput: createCopy(sql, segments),
    page: (run, seq, maxBytes) => {
      using reader = segments.reader(run);
      const events: StoredEvent[] = [];
      let bytes = 0;
      for (const row of after.iterate(run, seq)) {
        events.push(eventOf(row, reader));
        bytes += row.size ?? row.body.length;
        if (bytes >= maxBytes) break;
      }
      return events;
    },
    lastSeq: (run) => last.get(run) ?? 0,
    placeOf: (run, stream, offset) => placeOf(sql, { run, stream }, offset),
    output: (run, stream) => recordedOutput(sql, segments, { run, stream }),
  };
}

function eventOf(row: EventRow, reader: SegmentReader): StoredEvent {
  const { seq, at, stream, start } = row;
  const body = bodyOf(row, reader);
  const event = { seq, at, stream, start, noise: row.noise === 1, body: body ?? nothing };
  return body === undefined ? { ...event, lostBytes: row.size ?? 0 } : event;
}

function createInsert(sql: Sqlite.Database, segments: Segments, inlineBytes: number) {
  const insert = sql.prepare<[object]>(
    `INSERT INTO events (run, ${columns})
     VALUES (@run, @seq, @at, @stream, @start, @noise, @body, @segment, @position, @size)`,
  );
  const lastSegment = sql
    .prepare<[number], number>(
      "SELECT coalesce(max(segment), 0) FROM events WHERE run = ? AND segment IS NOT NULL",
    )
    .pluck();
  const isLong = ({ stream, body }: StoredEvent): boolean => stream !== null && body.length >= inlineBytes;
  return (run: number, events: readonly StoredEvent[]): void => {
    const long = events.filter(isLong).map(({ body }) => body);
    const places = long.length === 0 ? [] : segments.append(run, long, () => lastSegment.get(run) ?? 0);
    let placed = 0;
    for (const event of events) {
      const { seq, at, stream, start, noise } = event;
      const place = isLong(event) ? places[placed++] : undefined;
      const { segment = null, position = null, size = null } = place ?? {};
      const body = place === undefined ? event.body : nothing;
      insert.run({ run, seq, at, stream, start, noise: noise ? 1 : 0, body, segment, position, size });
    }
  };
}

function createCopy(sql: Sqlite.Database, segments: Segments): EventTable["copyOutput"] {
  const copy = sql.prepare<[number, number, number]>(
    `INSERT INTO events (run, ${columns})
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
