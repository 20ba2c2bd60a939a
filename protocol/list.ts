import * as z from "zod";

/** A page of a list; `nextCursor` is null on the last page and is passed as `?cursor=` for the next one. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** A whole number in a query string. */
export const QueryInt = z
  .string()
  .regex(/^\d{1,15}$/, "must be a whole number from 0")
  .transform(Number);
