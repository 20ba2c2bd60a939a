import type { Job, JobRunQuery } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";
import type { IdempotencyKey, RunStore } from "../runs/record/run-store.ts";

/** The part of a run that its job needs. */
export interface JobRun {
  readonly id: string;
  readonly host: string;
  readonly state: Run["state"];
  readonly outcome: Run["outcome"];
  readonly exitCode: number | null;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  /** The value of `before` for the next page; undefined on the last one. */
  readonly before: number | undefined;
}

/** What jobs need of the store. Every method has committed when it returns. */
export interface JobStore extends Pick<RunStore, "keyOf"> {
  create(job: Job, key: IdempotencyKey | undefined): void;
  /** Writes the job's state, ending and counts. */
  update(job: Job): void;
  get(id: string): Job | undefined;
  /** Newest first. */
  list(limit: number, before: number | undefined): JobPage;
  /** Jobs that had not ended when the last daemon did. */
  listOpen(): Job[];
  /** The job's runs, in the order in which they began. */
  runs(id: string): JobRun[];
  /** A page of the job's runs. */
  listRuns(id: string, query: JobRunQuery & { limit: number; offset: number }): Run[];
  /** Deletes jobs that no longer have runs. */
  forgetEmpty(): void;
}
