import type Sqlite from "better-sqlite3";

/**
 * The row written by a statement with RETURNING; undefined if none was written. `get` would only step to the row and
 * miss a failure of the commit after it, e.g. for lack of space: https://www.sqlite.org/lang_returning.html, section 3.
 */
export function writtenRow<Values extends unknown[], Row>(
  statement: Sqlite.Statement<Values, Row>,
  ...values: Values
): Row | undefined {
  return statement.all(...values)[0];
}
