import type { Run } from "../protocol/run.ts";
import type { RunFilters } from "../protocol/run-search.ts";
import type { Daemon } from "./daemon.ts";

const maxPageSize = 500;

/** The first `limit` runs that match the filters, newest first, page by page. */
export async function* listedRuns(
  daemon: Pick<Daemon, "call">,
  filters: RunFilters,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Run> {
  let left = limit;
  let cursor: string | undefined;
  while (left > 0) {
    const pageSize = String(Math.min(maxPageSize, left));
    const query = { ...filters, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
    const page = await daemon.call("listRuns", { query });
    yield* page.items;
    left -= page.items.length;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}
