import { isUtf8 } from "node:buffer";
import type Sqlite from "better-sqlite3";
import { type BodyRow, bodyOf } from "./body.ts";
import type { Segments } from "./segments.ts";

/** How much of a run's output can be found: so much of its beginning, and as much of its end. */
export const searchedBytes = 64 * 1024;

export interface SearchTable {
  /**
   * Takes ended runs in, the oldest first: at most `maxRuns`, and no further one once `maxBytes` of output are in.
   * False when none is left.
   */
  index(maxRuns: number, maxBytes: number): boolean;
  /** Has a run taken in again. */
  forget(number: number): void;
}

interface Unindexed {
  number: number;
  command: string;
  host_name: string;
  note: string | null;
}

interface Piece extends BodyRow {
  readonly seq: number;
}

const nothing = Buffer.alloc(0);

/** Fills the table that the history's search looks in. Shell noise and bytes that are no text stay out. */
export function createSearchTable(sql: Sqlite.Database, segments: Segments): SearchTable {
  const unindexed = sql.prepare<[number], Unindexed>(
    `SELECT number, command, host_name, note FROM runs INDEXED BY runs_not_searchable
     WHERE searchable = 0 AND state = 'ended' ORDER BY number LIMIT ?`,
  );
  const insert = sql.prepare<[number, string, string, string]>(
    "INSERT INTO run_search (rowid, command, host, output) VALUES (?, ?, ?, ?)",
  );
  const mark = sql.prepare<[number]>("UPDATE runs SET searchable = 1 WHERE number = ?");
  const remove = sql.prepare<[number]>("DELETE FROM run_search WHERE rowid = ?");
  const unmark = sql.prepare<[number]>("UPDATE runs SET searchable = 0 WHERE number = ? AND searchable = 1");
  const output = createOutputReader(sql, segments);
  return {
    forget: (number) => {
      if (unmark.run(number).changes > 0) remove.run(number);
    },
    index: sql.transaction((maxRuns: number, maxBytes: number) => {
      let bytes = 0;
      const runs = unindexed.all(maxRuns + 1);
      for (const [done, { number, command, note, host_name: host }] of runs.entries()) {
        if (done === maxRuns || bytes >= maxBytes) return true;
        const text = output(number);
        bytes += text.length;
        insert.run(number, note === null ? command : `${command}\n${note}`, host, text);
        mark.run(number);
      }
      return false;
    }),
  };
}

/** Reads the beginning and the end of a run's output, both streams in the order they came, as text. */
function createOutputReader(sql: Sqlite.Database, segments: Segments): (run: number) => string {
  const pieces = (order: "ASC" | "DESC") =>
    sql.prepare<[number], Piece>(
      `SELECT seq, body, segment, position, size FROM events WHERE run = ? AND stream IS NOT NULL AND noise = 0 ORDER BY seq ${order}`,
    );
  const [forward, backward] = [pieces("ASC"), pieces("DESC")];
  return (run) => {
    using reader = segments.reader(run);
    const head: string[] = [];
    let bytes = 0;
    let last = 0;
    for (const row of forward.iterate(run)) {
      const { seq } = row;
      const body = bodyOf(row, reader) ?? nothing;
      head.push(textOf(body.subarray(0, searchedBytes - bytes)));
      bytes += body.length;
      last = seq;
      if (bytes >= searchedBytes) break;
    }
    const tail: string[] = [];
    // What the last piece of the beginning had too much is the beginning of the end.
    let left = searchedBytes;
    for (const row of backward.iterate(run)) {
      const { seq } = row;
      if (seq < last || left <= 0) break;
      const body = bodyOf(row, reader) ?? nothing;
      const rest = seq > last ? body : body.subarray(body.length - Math.max(0, bytes - searchedBytes));
      tail.unshift(textOf(rest.subarray(Math.max(0, rest.length - left))));
      left -= rest.length;
    }
    return tail.join("") === "" ? head.join("") : `${head.join("")}\n${tail.join("")}`;
  };
}

/** Text of another encoding loses only its foreign characters; bytes with a NUL among them are no text at all. */
function textOf(bytes: Buffer): string {
  if (!bytes.includes(0)) return bytes.toString("utf8");
  return isUtf8(bytes) ? bytes.toString("utf8").replaceAll("\0", "\n") : "";
}
