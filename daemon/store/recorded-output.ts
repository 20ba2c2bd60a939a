import type Sqlite from "better-sqlite3";
import type { OutputStream } from "../../protocol/event.ts";
import { Problem } from "../../protocol/problem.ts";
import type { RecordedOutput, StreamPlace } from "../runs/record/event-log.ts";
import { type BodyRow, bodyOf } from "./body.ts";
import { controlOf } from "./event-row.ts";
import type { Segments } from "./segments.ts";

interface Piece {
  readonly seq: number;
  readonly size: number;
  readonly segment: number | null;
  readonly position: number | null;
}

/** Finds the position of every recorded piece and reads one at a time. Pieces lost from their file are skipped. */
export function recordedOutput(
  sql: Sqlite.Database,
  segments: Segments,
  { run, stream }: { readonly run: number; readonly stream: OutputStream | "both" },
): RecordedOutput {
  const which = stream === "both" ? "stream IS NOT NULL" : "stream = ?";
  const values = stream === "both" ? [run] : [run, stream];
  const sizes = new Map<number, number>();
  const isThere = ({ segment, position, size }: Piece): boolean => {
    if (segment === null || position === null) return true;
    const length = sizes.get(segment) ?? segments.sizeOf(run, segment);
    sizes.set(segment, length);
    return position + size <= length;
  };
  const pieces = sql
    .prepare<(number | string)[], Piece>(
      `SELECT seq, coalesce(size, length(body)) AS size, segment, position
       FROM events WHERE run = ? AND ${which} ORDER BY seq`,
    )
    .all(...values)
    .filter(isThere);
  const row = sql.prepare<[number, number], BodyRow>(
    "SELECT body, segment, position, size FROM events WHERE run = ? AND seq = ?",
  );
  const total = pieces.reduce((sum, piece) => sum + piece.size, 0);
  return {
    size: total,
    end: stream === "both" ? total : endOf(sql, run, stream),
    *read(from, to) {
      using reader = segments.reader(run);
      let start = 0;
      for (const { seq, size } of pieces) {
        const end = start + size;
        if (end > from && start < to) {
          const found = row.get(run, seq);
          const bytes = found === undefined ? undefined : bodyOf(found, reader);
          if (bytes === undefined)
            throw new Problem("conflict", "This output was removed from the record while it was read.");
          yield bytes.subarray(Math.max(0, from - start), Math.min(size, to - start));
        }
        if (end >= to) return;
        start = end;
      }
    },
  };
}

export function placeOf(
  sql: Sqlite.Database,
  { run, stream }: { readonly run: number; readonly stream: OutputStream },
  offset: number,
): StreamPlace {
  const last = sql.prepare<[number, string, number], { seq: number; end: number }>(
    `SELECT seq, start + coalesce(size, length(body)) AS end FROM events
     WHERE run = ? AND stream = ? AND start <= ? ORDER BY seq DESC LIMIT 1`,
  );
  const { seq, end } = last.get(run, stream, offset) ?? { seq: 0, end: 0 };
  return { seq: offset < end ? seq - 1 : seq, end: endOf(sql, run, stream) };
}

/** The end of the last recorded piece of a stream, or of the last gap in it. */
function endOf(sql: Sqlite.Database, run: number, stream: OutputStream): number {
  const output = sql
    .prepare<[number, string], number>(
      `SELECT start + coalesce(size, length(body)) FROM events
       WHERE run = ? AND stream = ? ORDER BY seq DESC LIMIT 1`,
    )
    .pluck();
  const others = sql
    .prepare<[number], Buffer>("SELECT body FROM events WHERE run = ? AND stream IS NULL ORDER BY seq DESC")
    .pluck();
  for (const body of others.iterate(run)) {
    const content = controlOf(body);
    if (content?.kind === "gap" && content.stream === stream)
      return Math.max(output.get(run, stream) ?? 0, content.to);
  }
  return output.get(run, stream) ?? 0;
}
