import type { Job } from "../../protocol/job.ts";
import type { JobEvent } from "../../protocol/job-event.ts";
import { roundedTime, timeToGo } from "../../protocol/time-to-go.ts";

/** The pace of a job, derived from its events. Instants are milliseconds of one clock. */
export class JobPace {
  readonly #job: Pick<Job, "hosts" | "options">;
  /** By the run's id, when it started. */
  readonly #running = new Map<string, number>();
  readonly #took: number[] = [];
  #begun = 0;

  constructor(job: Pick<Job, "hosts" | "options">) {
    this.#job = job;
  }

  take(event: JobEvent, now: number): void {
    if (event.type === "init") {
      this.#begun += 1;
      this.#running.set(event.runId, now);
    } else if (event.type === "complete") {
      this.#running.delete(event.runId);
      if (event.outcome === "exited") this.#took.push(event.durationMs);
    }
  }

  /** `about 40 s to go`; undefined if it cannot be estimated, e.g. for batches, which wait for one another. */
  toGo(now: number): string | undefined {
    const { hosts, options } = this.#job;
    const { concurrency, batches } = options;
    if (batches !== null) return undefined;
    const running = [...this.#running.values()].map((since) => now - since);
    const waiting = hosts.length - this.#begun;
    const ms = timeToGo({ took: this.#took, running, waiting, concurrency });
    const left = ms === undefined ? undefined : roundedTime(ms);
    return left === undefined ? undefined : `about ${left.value} ${left.unit} to go`;
  }
}
