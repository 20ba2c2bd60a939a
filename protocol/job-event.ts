import * as z from "zod";
import { RunEvent } from "./event.ts";
import { JobCounts, JobOutcome } from "./job.ts";

/** One message of a job's stream: an event of one of its runs or, as the last one, the job's result. */
export const JobEvent = z.discriminatedUnion("type", [
  ...RunEvent.options,
  z.object({
    type: z.literal("jobComplete"),
    jobId: z.string(),
    timestamp: z.iso.datetime(),
    outcome: JobOutcome,
    counts: JobCounts,
  }),
]);
export type JobEvent = z.infer<typeof JobEvent>;
