import type { Job, JobRunQuery } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";
import type { IdempotencyKey, RunStore } from "../runs/record/run-store.ts";

/** A run of a job, as far as the job needs it. */
export interface JobRun {
  readonly id: string;
  readonly host: string;
  readonly state: Run["state"];
  readonly outcome: Run["outcome"];
  readonly exitCode: number | null;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  /** What `before` is to be for the next page; undefined on the last one. */
  readonly before: number | undefined;
}

/** What jobs need of the store. Every method has committed when it returns. */
export interface JobStore extends Pick<RunStore, "keyOf"> {
  create(job: Job, key: IdempotencyKey | undefined): void;
  /** Its state, its ending and its counts. */
  update(job: Job): void;
  get(id: string): Job | undefined;
  /** Newest first. */
  list(limit: number, before: number | undefined): JobPage;
  /** Jobs that had not ended when the daemon did. */
  listOpen(): Job[];
  /** Its runs, in the order in which they were begun. */
  runs(id: string): JobRun[];
  /** One page of them. */
  listRuns(id: string, query: JobRunQuery & { limit: number; offset: number }): Run[];
  /** Forgets jobs that have no run any more. */
  forgetEmpty(): void;
}
