import type { Job, JobRequest, SkipReason } from "../../protocol/job.ts";
import type { Run, RunRequest } from "../../protocol/run.ts";
import type { Clock } from "../core/clock.ts";
import { countedAs, type CountedRun, countsOf, outcomeOf } from "./job-counts.ts";
import { JobLog } from "./job-log.ts";
import type { JobRun } from "./job-store.ts";
import { Schedule } from "./schedule.ts";

export interface ActiveJobParts {
  readonly clock: Clock;
  /**
   * Starts the job's run on a host; the returned run has failed if it could not be started. Rejects if not even that
   * can be recorded.
   */
  start(job: Job, request: RunRequest): Promise<Run>;
  cancel(run: string, graceMs: number): void;
  /** Makes `log` follow a run's record; the returned function adds what the record has by now. */
  follow(run: string, log: JobLog): () => void;
  /** Called when the job's state or counts have changed, for the last time when it has ended. */
  changed(job: Job): void;
}

/** A job that has not ended: starts its hosts in turn, and tracks the state of their runs. */
export class ActiveJob {
  readonly log = new JobLog();
  readonly #parts: ActiveJobParts;
  readonly #request: JobRequest;
  readonly #schedule: Schedule;
  /** By run id. */
  readonly #runs = new Map<string, Omit<JobRun, "id">>();
  #job: Job;
  /** By run id: adds the run's newest events to the log, so that its state change is reported after them. */
  readonly #catchUp = new Map<string, () => void>();
  readonly #begun = Promise.withResolvers<void>();
  /** Number of hosts being started that have no run yet. */
  #starting = 0;
  #cancelGraceMs: number | undefined;
  /** No further host may begin: its daemon stops, or an earlier daemon began the job. */
  #isLeft = false;
  #isStorageFull = false;

  constructor(job: Job, request: JobRequest, parts: ActiveJobParts) {
    this.#job = job;
    this.#request = request;
    this.#parts = parts;
    const { concurrency, batches, maxFailures, failFast } = request;
    this.#schedule = new Schedule({ hosts: job.hosts.length, concurrency, batches, maxFailures, failFast });
  }

  get job(): Job {
    return this.#job;
  }

  get isCancelled(): boolean {
    return this.#cancelGraceMs !== undefined;
  }

  /** Resolves when no further host will begin. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Starts no further hosts. */
  stop(): void {
    this.#isLeft = true;
    this.#schedule.stop();
    this.advance();
  }

  /** Continues with the runs that an earlier daemon began, without starting others. */
  takeOver(runs: readonly JobRun[]): void {
    this.#isLeft = true;
    for (const { id, ...run } of runs) {
      this.#runs.set(id, run);
      this.#catchUp.set(id, this.#parts.follow(id, this.log));
    }
    const counts = countsOf(this.#job.hosts.length, runs, { begun: runs.length, over: false });
    this.#job = { ...this.#job, counts };
    this.#schedule.takeOver(runs.length, runs.filter(({ state }) => state !== "ended").length);
    this.advance();
  }

  /** Starts the hosts whose turn it is. */
  advance(): void {
    if (this.#job.state === "ended") return;
    for (const index of this.#schedule.begin()) void this.#begin(this.#job.hosts[index] ?? "");
    if (this.#schedule.isExhausted && this.#starting === 0) this.#begun.resolve();
    if (this.#schedule.over) this.#end();
  }

  /** To be called when one of the job's runs has changed state. */
  runChanged({ id, host, state, outcome, exitCode }: Run): void {
    const before = this.#runs.get(id);
    if (before?.state === "ended" || this.#job.state === "ended") return;
    this.#runs.set(id, { host: host.name, state, outcome, exitCode });
    this.#catchUp.get(id)?.();
    if (state === "ended") {
      const count = countedAs({ state, outcome, exitCode });
      // A run cancelled by a person does not count as a failure.
      this.#schedule.ended(count === "exited0" || count === "cancelled");
    }
    this.#count(before, { state, outcome, exitCode });
    if (state === "ended") this.advance();
  }

  cancel(graceMs: number): void {
    this.#cancelGraceMs = graceMs;
    this.#schedule.stop();
    for (const [id, { state }] of this.#runs) if (state !== "ended") this.#parts.cancel(id, graceMs);
    this.advance();
  }

  async #begin(host: string): Promise<void> {
    const request = runRequestOf(this.#request, host);
    let run: Run;
    this.#starting += 1;
    try {
      run = await this.#parts.start(this.#job, request).finally(() => {
        this.#starting -= 1;
      });
    } catch {
      // Not even its failure could be recorded.
      this.#isStorageFull = true;
      this.#schedule.ended(false);
      this.advance();
      return;
    }
    this.#catchUp.set(run.id, this.#parts.follow(run.id, this.log));
    this.runChanged(run);
    if (this.#cancelGraceMs !== undefined) this.#parts.cancel(run.id, this.#cancelGraceMs);
    this.advance();
  }

  /** A host without a run counts as queued. */
  #count(before: CountedRun | undefined, now: CountedRun): void {
    const counts = { ...this.#job.counts };
    counts[before === undefined ? "queued" : countedAs(before)] -= 1;
    counts[countedAs(now)] += 1;
    const startedAt = this.#job.startedAt ?? this.#parts.clock.now();
    this.#job = { ...this.#job, counts, startedAt };
    this.#parts.changed(this.#job);
  }

  /** Nothing is running: hosts that are still queued will never begin. */
  #end(): void {
    const { hosts, counts: before } = this.#job;
    const counts = { ...before, queued: 0, skipped: before.queued };
    const outcome = outcomeOf(counts, hosts.length, this.#cancelGraceMs !== undefined);
    const endedAt = this.#parts.clock.now();
    const skipReason = counts.skipped === 0 ? null : this.#skipReason();
    this.#job = { ...this.#job, state: "ended", outcome, counts, skipReason, endedAt };
    this.#parts.changed(this.#job);
    this.log.end({ type: "jobComplete", jobId: this.#job.id, timestamp: endedAt, outcome, counts });
  }

  #skipReason(): SkipReason {
    if (this.#cancelGraceMs !== undefined) return "cancelled";
    if (this.#isLeft) return "daemonStopped";
    return this.#isStorageFull ? "storageFull" : "failures";
  }
}

/** The part of a job's request that applies to each run. */
function runRequestOf(request: JobRequest, host: string): RunRequest {
  const {
    targets: _,
    concurrency: _c,
    failFast: _f,
    batches: _b,
    maxFailures: _m,
    name: _n,
    sameSudoPassword: _s,
    template: _t,
    ...options
  } = request;
  return { ...options, stdinOpen: false, host };
}
