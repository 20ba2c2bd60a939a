import { refusedField } from "../../protocol/invalid-request.ts";

/** Parses a page's `nextCursor`. Throws `invalid_request` for anything else. */
export function parseCursor(cursor: string): number {
  const number = /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
  if (number !== undefined) return number;
  throw refusedField("cursor", "must be the nextCursor of an earlier page");
}
