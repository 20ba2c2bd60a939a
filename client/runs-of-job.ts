import type { JobRunSort } from "../protocol/job.ts";
import type { Run } from "../protocol/run.ts";
import type { Api } from "../protocol/api.ts";
import type { Answer, CallArguments } from "./request.ts";

const pageSize = "1000";

/** All runs of a job, page by page. `list`: lists those of one page. */
export async function* runsOfJob(
  list: (...input: CallArguments<"listJobRuns">) => Promise<Answer<Api["listJobRuns"]>>,
  job: string,
  sort: JobRunSort,
): AsyncGenerator<Run> {
  let cursor: string | undefined;
  for (;;) {
    const query = { sort, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
    const page = await list({ params: { job }, query });
    yield* page.items;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}
