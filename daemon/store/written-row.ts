import type Sqlite from "better-sqlite3";

/**
 * What a statement with RETURNING wrote; undefined where no row was left to write. `get` would step to the row only, and
 * not hear that the commit behind it failed, for want of room: https://www.sqlite.org/lang_returning.html, section 3.
 */
export function writtenRow<Values extends unknown[], Row>(
  statement: Sqlite.Statement<Values, Row>,
  ...values: Values
): Row | undefined {
  return statement.all(...values)[0];
}
