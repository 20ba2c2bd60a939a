import * as z from "zod";
import { RunEvent } from "./event.ts";
import { JobCounts, JobOutcome } from "./job.ts";

/** One message of a job's stream: an event of one of its runs or, last of all, what came of the job. */
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
