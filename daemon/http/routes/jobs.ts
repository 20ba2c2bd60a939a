import type { OutputDiff } from "../../diff/output-diff.ts";
import type { Jobs } from "../../jobs/jobs.ts";
import { createJobEncoder, encodedFeed } from "../event-encoding.ts";
import { headerWord } from "../header-word.ts";
import type { Handlers } from "../request-context.ts";
import type { MessageFeed } from "../sse.ts";

type JobHandlers = Pick<
  Handlers,
  | "resolveTargets"
  | "createJob"
  | "listJobs"
  | "getJob"
  | "listJobRuns"
  | "jobEvents"
  | "jobGroups"
  | "jobDiff"
  | "cancelJob"
  | "rerunJob"
>;

export function jobRoutes(jobs: Jobs, diff: OutputDiff): JobHandlers {
  const stream = (
    id: string,
    { raw, output, after }: { raw?: "0" | "1" | undefined; output: "0" | "1"; after?: string | undefined },
  ): MessageFeed => {
    const { feed, epoch } = jobs.feed(id, { after, output: output === "1" });
    return encodedFeed(feed, createJobEncoder(epoch, raw === "1"));
  };
  return {
    resolveTargets: ({ body }) => jobs.resolve(body.targets),
    createJob: async ({ query, body, header }) => {
      const job = await jobs.start(body, headerWord(header, "Idempotency-Key"));
      return { json: job, events: () => stream(job.id, query) };
    },
    listJobs: ({ query }) => jobs.list(query),
    getJob: ({ params }) => jobs.get(params.job),
    listJobRuns: ({ params, query }) => jobs.runs(params.job, query),
    jobEvents: ({ params, query, header }) =>
      stream(params.job, { ...query, after: header("Last-Event-ID") ?? query.after }),
    jobGroups: async ({ params, query }) => ({
      items: await jobs.groups(params.job, query.by),
      nextCursor: null,
    }),
    jobDiff: ({ params, query, signal }) => {
      jobs.requireRuns(params.job, [query.a, query.b]);
      return diff.compare([query.a, query.b], query.stream, signal);
    },
    cancelJob: ({ params, body }) => jobs.cancel(params.job, body.graceMs),
    rerunJob: ({ params, body, header }) =>
      jobs.rerun(params.job, body, headerWord(header, "Idempotency-Key")),
  };
}
