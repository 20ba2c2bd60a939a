import type { Job } from "../../protocol/job.ts";

const intervalMs = 100;

interface Recent {
  readonly timer: NodeJS.Timeout;
  /** The newest state that has not been reported. */
  job: Job | undefined;
}

/**
 * Reports changes of jobs: the first change immediately, and those that follow within a moment as one. A job of a
 * thousand hosts changes some thousands of times, and each report contains the names of all its hosts.
 */
export class JobChanges {
  readonly #emit: (job: Job) => void;
  readonly #recent = new Map<string, Recent>();

  constructor(emit: (job: Job) => void) {
    this.#emit = emit;
  }

  /** The end of a job is reported immediately. */
  changed(job: Job): void {
    const recent = this.#recent.get(job.id);
    if (recent !== undefined && job.state !== "ended") {
      recent.job = job;
      return;
    }
    clearTimeout(recent?.timer);
    this.#recent.delete(job.id);
    this.#emit(job);
    if (job.state === "ended") return;
    const timer = setTimeout(() => this.#emitNewest(job.id), intervalMs).unref();
    this.#recent.set(job.id, { timer, job: undefined });
  }

  #emitNewest(id: string): void {
    const job = this.#recent.get(id)?.job;
    this.#recent.delete(id);
    if (job !== undefined) this.changed(job);
  }
}
