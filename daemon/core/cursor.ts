import { refusedField } from "../../protocol/invalid-request.ts";

/** The number that a page's `nextCursor` is. `invalid_request` for what no page gave. */
export function parseCursor(cursor: string): number {
  const number = /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
  if (number !== undefined) return number;
  throw refusedField("cursor", "must be the nextCursor of an earlier page");
}
