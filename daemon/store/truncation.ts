import type Sqlite from "better-sqlite3";
import type { OutputStream } from "../../protocol/event.ts";
import type { TruncatedOutput, TruncatedRange } from "../runs/record/event-log.ts";
import type { StoredEvent } from "../runs/record/stored-event.ts";
import type { RunKey } from "./event-row.ts";
import type { Segments } from "./segments.ts";

interface Row {
  seq: number;
  stream: OutputStream | null;
  start: number | null;
  size: number;
  segment: number | null;
}

/** See `EventLog.truncateMiddle`. */
export type TruncateMiddle = (run: RunKey, cut: TruncatedRange, bytes: number, at: string) => TruncatedOutput;

/** How many rows are removed at once; if there are more, the next call continues. */
const maxRows = 2000;

/**
 * Removes a run's oldest output after a cut from its record, row by row, and replaces it by gap events: one per stream
 * between any two remaining events, with the last of the numbers that they replace. So a reader at any position among
 * them gets every gap that concerns it. A file is removed with the last row that refers to it.
 */
export function createTruncation(
  sql: Sqlite.Database,
  segments: Segments,
  insert: (run: RunKey, events: StoredEvent[]) => void,
): TruncateMiddle {
  const needed = sql
    .prepare<[number, number], number>("SELECT count(*) FROM events WHERE run = ? AND segment = ?")
    .pluck();
  const truncateRows = createRowTruncation(sql, insert);
  return (run, cut, bytes, at) => {
    const { emptied, ...output } = truncateRows(run, cut, bytes, at);
    for (const segment of emptied)
      if (needed.get(run.number, segment) === 0) segments.drop(run.number, segment);
    return output;
  };
}

function createRowTruncation(sql: Sqlite.Database, insert: (run: RunKey, events: StoredEvent[]) => void) {
  const behind = sql.prepare<[number, number, number], Row>(
    `SELECT seq, stream, start, coalesce(size, length(body)) AS size, segment
     FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const remove = sql.prepare<[number, number, number]>(
    "DELETE FROM events WHERE run = ? AND seq BETWEEN ? AND ?",
  );
  type Taken = TruncatedOutput & { readonly emptied: ReadonlySet<number> };
  return sql.transaction((run: RunKey, cut: TruncatedRange, bytes: number, at: string): Taken => {
    let current = cut;
    const emptied = new Set<number>();
    const before: TruncatedRange[] = [];
    let taken = 0;
    for (const { seq, stream, start, size, segment } of behind.all(run.number, cut.last, maxRows)) {
      if (taken >= bytes) break;
      if (stream === null || start === null) {
        before.push(current);
        current = { first: seq + 1, last: seq, gaps: [] };
        continue;
      }
      const others = current.gaps.filter((gap) => gap.stream !== stream);
      const from = current.gaps.find((gap) => gap.stream === stream)?.from ?? start;
      // The last row's stream comes last: a reader that has all before that row has all of the other stream.
      current = { ...current, last: seq, gaps: [...others, { stream, from, to: start + size }] };
      taken += size;
      if (segment !== null) emptied.add(segment);
    }
    for (const { first, last, gaps } of [...before, current]) {
      if (gaps.length === 0) continue;
      remove.run(run.number, first, last);
      const from = last - gaps.length + 1;
      insert(
        run,
        gaps.map((gap, index): StoredEvent => ({ seq: from + index, at, kind: "gap", ...gap })),
      );
    }
    return { cut: current, bytes: taken, emptied };
  });
}
