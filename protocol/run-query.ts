import * as z from "zod";
import { QueryInt } from "./list.ts";
import { Outcome, RunState } from "./run.ts";

/** A run's result in everyday terms: it has not ended, exited with 0, or ended in any other way. */
export const RunResult = z.enum(["running", "succeeded", "failed"]);
export type RunResult = z.infer<typeof RunResult>;

/** An exit code, or a condition on it: `3`, `!0`, `>0`, `>=2`, `<128`. */
export const ExitFilter = z
  .string()
  .regex(/^(?:!|[<>]=?)?\d{1,10}$/, "must be an exit code such as 3, !0, >0, >=2 or <128");

/** The id of a job or a prefix of it, of at least eight characters, which no two jobs of different minutes share. */
export const JobFilter = z
  .string()
  .regex(/^[0-9a-f][0-9a-f-]{7,35}$/, "must be a job's id, or the first 8 or more characters of it");

/** Names of hosts, separated by commas. */
export const HostNames = z
  .string()
  .regex(/^[^,]+(?:,[^,]+)*$/, "must be names with commas between")
  .max(1024);

const yesOrNo = z.enum(["true", "false"]);

/** Selects runs of the history. */
export const RunQuery = z.strictObject({
  host: z.string().max(255).optional(),
  /** Searches command, host, output and note. */
  q: z.string().max(1024).optional(),
  state: RunState.optional(),
  outcome: Outcome.optional(),
  is: RunResult.optional(),
  exit: ExitFilter.optional(),
  job: JobFilter.optional(),
  pinned: yesOrNo.optional(),
  /** Excludes runs on these hosts, and so on. */
  notHost: HostNames.optional(),
  notState: RunState.optional(),
  notOutcome: Outcome.optional(),
  notIs: RunResult.optional(),
  notJob: JobFilter.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  /** Selects the earlier runs of this run's command on the same host. */
  previousOf: z.string().max(64).optional(),
  limit: QueryInt.pipe(z.int().min(1).max(500)).optional(),
  cursor: z.string().max(512).optional(),
});
export type RunQuery = z.infer<typeof RunQuery>;
