import type { Job } from "../../protocol/job.ts";
import { JobLog } from "./job-log.ts";
import type { JobRuns } from "./job-runs.ts";
import type { JobStore } from "./job-store.ts";

/** How many streams of ended jobs can still be resumed. */
const maxLogs = 50;

/** The streams of ended jobs: the original ones of the latest jobs; those of others are rebuilt from the record. */
export class JobLogs {
  readonly #runs: JobRuns;
  readonly #store: Pick<JobStore, "runs">;
  readonly #logs = new Map<string, JobLog>();

  constructor(runs: JobRuns, store: Pick<JobStore, "runs">) {
    this.#runs = runs;
    this.#store = store;
  }

  of(job: Job): JobLog {
    return this.#logs.get(job.id) ?? this.#recorded(job);
  }

  keep(job: string, log: JobLog): void {
    this.#logs.set(job, log);
    for (const oldest of this.#logs.keys()) {
      if (this.#logs.size <= maxLogs) break;
      this.#logs.delete(oldest);
    }
  }

  /** Its runs one after another, since the original order of their events is no longer known. */
  #recorded({ id, outcome, counts, endedAt }: Job): JobLog {
    const log = new JobLog();
    for (const run of this.#store.runs(id)) this.#runs.follow(run.id, log);
    log.end({ type: "jobComplete", jobId: id, timestamp: endedAt, outcome, counts });
    this.keep(id, log);
    return log;
  }
}
