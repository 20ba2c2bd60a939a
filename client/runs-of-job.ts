import type { JobRunSort } from "../protocol/job.ts";
import type { Run } from "../protocol/run.ts";
import type { Daemon } from "./daemon.ts";

const pageSize = "1000";

/** All runs of a job, page by page. */
export async function* runsOfJob(
  daemon: Pick<Daemon, "call">,
  job: string,
  sort: JobRunSort,
): AsyncGenerator<Run> {
  let cursor: string | undefined;
  for (;;) {
    const query = { sort, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
    const page = await daemon.call("listJobRuns", { params: { job }, query });
    yield* page.items;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}
