import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";

/** All runs of a job, page by page. */
export async function* allRuns(daemon: Daemon, job: string): AsyncGenerator<Run> {
  let cursor: string | undefined;
  for (;;) {
    const query = { limit: "1000", ...(cursor === undefined ? {} : { cursor }) };
    const page = await daemon.call("listJobRuns", { params: { job }, query });
    yield* page.items;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}
