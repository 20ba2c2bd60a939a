import { isUtf8 } from "node:buffer";
import type Sqlite from "better-sqlite3";
import { type BodyRow, bodyOf } from "./body.ts";
import type { Segments } from "./segments.ts";

/** How much of a run's output is searchable: this much of its beginning, and the same of its end. */
export const searchedBytes = 64 * 1024;

export interface SearchTable {
  /**
   * Indexes ended runs, the oldest first: at most `maxRuns`, and no more after `maxBytes` of output. Returns false when
   * none is left.
   */
  index(maxRuns: number, maxBytes: number): boolean;
  /** Marks a run to be indexed again. */
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

/** Fills the table that the history search uses. Shell noise and bytes that are not text are left out. */
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

/** Reads the beginning and the end of a run's output as text, both streams in order of arrival. */
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
    if (bytes < searchedBytes) return head.join("");
    const tail: string[] = [];
    // The excess of the last piece of the beginning is the first of the end.
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

/** Text in another encoding loses only its non-ASCII characters; bytes that contain NUL are not text. */
function textOf(bytes: Buffer): string {
  if (!bytes.includes(0)) return bytes.toString("utf8");
  return isUtf8(bytes) ? bytes.toString("utf8").replaceAll("\0", "\n") : "";
}
