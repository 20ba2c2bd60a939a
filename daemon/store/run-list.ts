import type Sqlite from "better-sqlite3";
import type { RunResult } from "../../protocol/run-query.ts";
import type { RunFilter, RunPage } from "../runs/record/run-store.ts";
import { fromRow, type RunRow } from "./run-row.ts";
import type { DamageReport } from "./stored-row.ts";

/** A query with its named parameters. */
export interface ListQuery {
  readonly text: string;
  readonly values: Readonly<Record<string, string | number>>;
}

/** The runs that match a filter, newest first. */
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

/** The queries to run, each newest first and limited; no run is in more than one result. */
export function listQueries(filter: RunFilter): ListQuery[] {
  const match = filter.q === undefined ? undefined : matchOf(filter.q);
  if (match === undefined) return [scan(filter, "")];
  return [indexed(filter, match), scan(filter, "searchable = 0")];
}

/** Uses the trigram index, newest match first, and stops when there are enough. */
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

/** Reads commands, hosts and notes: for words too short for the index, and for runs not yet in it. */
function scan(filter: RunFilter, only: string): ListQuery {
  const { conditions, values } = restrictions(filter);
  if (only !== "") conditions.push(only);
  if (filter.before !== undefined) conditions.push("number < @before");
  const { q } = filter;
  if (q !== undefined) {
    const places = ["command", "host_name", "note"].map((column) => `instr(lower(${column}), lower(@q)) > 0`);
    conditions.push(`(${places.join(" OR ")})`);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return {
    text: `SELECT * FROM runs ${where} ORDER BY number DESC LIMIT @limit`,
    values: q === undefined ? values : { ...values, q },
  };
}

/** Same condition as the index runs_not_succeeded: such runs are few, and found without reading the rest. */
const notSucceeded = "state = 'ended' AND (outcome IS NOT 'exited' OR exit_code IS NOT 0)";
const results: Readonly<Record<RunResult, string>> = {
  running: "number IN (SELECT number FROM runs INDEXED BY runs_open WHERE state <> 'ended')",
  succeeded: "outcome = 'exited' AND exit_code = 0",
  failed: notSucceeded,
};
/**
 * Compares whole commands only among runs whose commands have the same first characters, which is all that the index
 * runs_by_command contains.
 */
const previous = `number < (SELECT number FROM runs WHERE id = @previousOf) AND
  (host_name, substr(command, 1, 100), command) =
  (SELECT host_name, substr(command, 1, 100), command FROM runs WHERE id = @previousOf)`;

/** A number matches a host with this name before one with this id. */
function hostCondition(host: string, name: string): string {
  if (!/^\d{1,15}$/.test(host)) return `host_name = @${name}`;
  const isFree = `NOT EXISTS (SELECT 1 FROM hosts WHERE name = @${name})`;
  return `(host_name = @${name} OR host_id = CAST(@${name} AS INTEGER) AND ${isFree})`;
}

function restrictions(filter: RunFilter) {
  const { before, host, state, outcome, is, job, pinned, since, until, previousOf } = filter;
  const conditions: string[] = [];
  const values: Record<string, string | number> = { limit: filter.limit };
  const restrict: Restrict = (condition, name, value) => {
    if (value === undefined) return;
    if (condition !== "") conditions.push(condition);
    values[name] = value;
  };
  restrict("", "before", before);
  restrict(hostCondition(host ?? "", "host"), "host", host);
  restrict("state = @state", "state", state);
  restrict("outcome = @outcome", "outcome", outcome);
  if (outcome !== undefined && outcome !== "exited") conditions.push(notSucceeded);
  if (state !== undefined && state !== "ended") conditions.push(results.running);
  if (is !== undefined) conditions.push(results[is]);
  if (filter.exit !== undefined) {
    const { condition, code, takesZero } = exitCondition(filter.exit);
    restrict(condition, "exit", code);
    if (!takesZero) conditions.push(notSucceeded);
  }
  restrict("job_id BETWEEN @job AND @job || 'g'", "job", job);
  if (pinned !== undefined) conditions.push(`pinned = ${pinned === "true" ? 1 : 0}`);
  // Numbers and instants increase together unless a clock was set: the bound keeps a search from reading all runs.
  const earliest = "(SELECT min(number) FROM runs INDEXED BY runs_by_creation WHERE created_at >= @since)";
  restrict(`created_at >= @since AND number >= ${earliest}`, "since", instant(since));
  const latest = "(SELECT max(number) FROM runs INDEXED BY runs_by_creation WHERE created_at < @until)";
  restrict(`created_at < @until AND number <= ${latest}`, "until", instant(until));
  restrict(previous, "previousOf", previousOf);
  leaveOut(filter, restrict);
  return { conditions, values };
}

type Restrict = (condition: string, name: string, value: string | number | undefined) => void;

/** A run that lacks a value, e.g. an outcome, is not left out. */
function leaveOut({ notHost, notState, notOutcome, notIs, notJob }: RunFilter, restrict: Restrict): void {
  for (const [index, host] of (notHost?.split(",") ?? []).entries()) {
    const name = `notHost${index}`;
    restrict(`NOT ifnull(${hostCondition(host, name)}, 0)`, name, host);
  }
  restrict("state <> @notState", "notState", notState);
  restrict("outcome IS NOT @notOutcome", "notOutcome", notOutcome);
  if (notIs !== undefined) restrict(`NOT ifnull(${results[notIs]}, 0)`, "notIs", notIs);
  restrict("NOT ifnull(job_id BETWEEN @notJob AND @notJob || 'g', 0)", "notJob", notJob);
}

/** The condition on the exit code, and whether it includes 0. */
function exitCondition(exit: string): { condition: string; code: number; takesZero: boolean } {
  const [, sign = "", digits = ""] = /^(!|[<>]=?)?(\d+)$/.exec(exit) ?? [];
  const code = Number(digits);
  const takesZero: Readonly<Record<string, boolean>> = {
    "": code === 0,
    "!": code !== 0,
    ">": false,
    ">=": code === 0,
    "<": true,
    "<=": true,
  };
  const operator = sign === "" ? "=" : sign === "!" ? "<>" : sign;
  return { condition: `exit_code ${operator} @exit`, code, takesZero: takesZero[sign] ?? true };
}

/**
 * Quotes the words as one FTS5 string (https://www.sqlite.org/fts5.html, section 3.1), so that nothing in it is syntax.
 * Undefined for what the trigram index cannot find: fewer than three characters, or a NUL, at which FTS5 stops reading.
 */
function matchOf(words: string): string | undefined {
  if ([...words].length < 3 || words.includes("\0")) return undefined;
  return `"${words.replaceAll('"', '""')}"`;
}

/** The store's instants are UTC with milliseconds, so that they can be compared as text. */
function instant(text: string | undefined): string | undefined {
  return text === undefined ? undefined : new Date(text).toISOString();
}
