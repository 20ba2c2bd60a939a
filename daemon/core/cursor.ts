import { Problem } from "../../protocol/problem.ts";

/** The number that a page's `nextCursor` is. `invalid_request` for what no page gave. */
export function parseCursor(cursor: string): number {
  const number = /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
  if (number !== undefined) return number;
  throw new Problem("invalid_request", "The cursor is not valid.", {
    issues: [{ path: "cursor", message: "must be the nextCursor of an earlier page" }],
  });
}
