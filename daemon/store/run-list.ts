import type Sqlite from "better-sqlite3";
import type { RunFilter, RunPage } from "../runs/record/run-store.ts";
import { fromRow, type RunRow } from "./run-row.ts";
import type { DamageReport } from "./stored-row.ts";

/** A query with its named values. */
export interface ListQuery {
  readonly text: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** Runs that a filter lets through, newest first. */
export function listRuns(sql: Sqlite.Database, filter: RunFilter, damage: DamageReport): RunPage {
  const rows = listQueries({ ...filter, limit: filter.limit + 1 })
    .flatMap(({ text, values }) => sql.prepare<[object], RunRow>(text).all(values))
    .sort((one, other) => other.number - one.number);
  const page = rows.slice(0, filter.limit);
  return {
    runs: page.flatMap((row) => fromRow(row, damage) ?? []),
    before: rows.length > page.length ? page.at(-1)?.number : undefined,
  };
}

/** What is to be asked, each newest first and limited; their answers have no run in common. */
export function listQueries(filter: RunFilter): ListQuery[] {
  const match = filter.q === undefined ? undefined : matchOf(filter.q);
  if (match === undefined) return [scan(filter, "")];
  return [indexed(filter, match), scan(filter, "searchable = 0")];
}

/** By the trigram index, from the newest match on: it stops when there are enough. */
function indexed(filter: RunFilter, match: string): ListQuery {
  const { conditions, values } = restrictions(filter);
  const bound = filter.before === undefined ? [] : ["run_search.rowid < @before"];
  const where = ["run_search MATCH @match", ...bound, ...conditions].join(" AND ");
  return {
    text: `SELECT runs.* FROM run_search CROSS JOIN runs ON runs.number = run_search.rowid
      WHERE ${where} ORDER BY run_search.rowid DESC LIMIT @limit`,
    values: { ...values, match },
  };
}

/** By reading commands and hosts: for words too short to be in the index, and for runs not yet in it. */
function scan(filter: RunFilter, only: string): ListQuery {
  const { conditions, values } = restrictions(filter);
  if (only !== "") conditions.push(only);
  if (filter.before !== undefined) conditions.push("number < @before");
  const { q } = filter;
  if (q !== undefined) {
    conditions.push("(instr(lower(command), lower(@q)) > 0 OR instr(lower(host_name), lower(@q)) > 0)");
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return {
    text: `SELECT * FROM runs ${where} ORDER BY number DESC LIMIT @limit`,
    values: q === undefined ? values : { ...values, q },
  };
}

function restrictions({ before, host, state, outcome, since, until, limit }: RunFilter) {
  const conditions: string[] = [];
  const values: Record<string, string | number> = { limit };
  const restrict = (condition: string, name: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    if (condition !== "") conditions.push(condition);
    values[name] = value;
  };
  restrict("", "before", before);
  restrict("host_name = @host", "host", host);
  restrict("state = @state", "state", state);
  restrict("outcome = @outcome", "outcome", outcome);
  restrict("created_at >= @since", "since", since === undefined ? undefined : instant(since));
  restrict("created_at < @until", "until", until === undefined ? undefined : instant(until));
  return { conditions, values };
}

/**
 * The words as one FTS5 string (https://www.sqlite.org/fts5.html, section 3.1): whatever stands in it is looked
 * for, nothing is syntax. Undefined for what the trigram index cannot find: fewer than three characters, or a
 * NUL, at which FTS5 stops to read.
 */
function matchOf(words: string): string | undefined {
  if ([...words].length < 3 || words.includes("\0")) return undefined;
  return `"${words.replaceAll('"', '""')}"`;
}

/** The store's instants are UTC with milliseconds, so that they compare as text. */
function instant(text: string): string {
  return new Date(text).toISOString();
}
