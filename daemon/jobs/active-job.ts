import type { Job, JobRequest, SkipReason } from "../../protocol/job.ts";
import type { Run, RunRequest } from "../../protocol/run.ts";
import type { Clock } from "../core/clock.ts";
import { countedAs, type CountedRun, countsOf, outcomeOf } from "./job-counts.ts";
import { JobLog } from "./job-log.ts";
import type { JobRun } from "./job-store.ts";
import { Schedule } from "./schedule.ts";

export interface ActiveJobParts {
  readonly clock: Clock;
  /** Starts the job's run on a host; one that could not be started has failed. Rejects where none can be recorded. */
  start(job: Job, request: RunRequest): Promise<Run>;
  cancel(run: string, graceMs: number): void;
  /** Has `log` follow a run's record; the returned function has it take in at once what is there by now. */
  follow(run: string, log: JobLog): () => void;
  /** Told when its state or its counts have changed; an ended one last. */
  changed(job: Job): void;
}

/** A job that has not ended: which of its hosts runs, and what has come of the others. */
export class ActiveJob {
  readonly log = new JobLog();
  readonly #parts: ActiveJobParts;
  readonly #request: JobRequest;
  readonly #schedule: Schedule;
  /** By the run's id. */
  readonly #runs = new Map<string, Omit<JobRun, "id">>();
  #job: Job;
  /** By the run's id, what has the log take in its newest events: its state is told behind them. */
  readonly #catchUp = new Map<string, () => void>();
  readonly #begun = Promise.withResolvers<void>();
  /** Hosts that begin, and have no run yet. */
  #starting = 0;
  #cancelGraceMs: number | undefined;
  /** Its daemon stops, or another one began it. */
  #isLeft = false;

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

  /** Resolves when every host has begun that will. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Begins no further host. */
  stop(): void {
    this.#isLeft = true;
    this.#schedule.stop();
    this.advance();
  }

  /** Goes on with the runs that an earlier daemon began, and begins none. */
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

  /** Begins with the hosts whose turn it is. */
  advance(): void {
    if (this.#job.state === "ended") return;
    for (const index of this.#schedule.begin()) void this.#begin(this.#job.hosts[index] ?? "");
    if (this.#schedule.isExhausted && this.#starting === 0) this.#begun.resolve();
    if (this.#schedule.over) this.#end();
  }

  /** One of its runs is in another state. */
  runChanged({ id, host, state, outcome, exitCode }: Run): void {
    const before = this.#runs.get(id);
    if (before?.state === "ended" || this.#job.state === "ended") return;
    this.#runs.set(id, { host: host.name, state, outcome, exitCode });
    this.#catchUp.get(id)?.();
    if (state === "ended") {
      const count = countedAs({ state, outcome, exitCode });
      // That a person ended it says nothing of the command.
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
      // Not even a record of it could be made: the store is full, and has said so.
      this.#schedule.ended(false);
      this.advance();
      return;
    }
    this.#catchUp.set(run.id, this.#parts.follow(run.id, this.log));
    this.runChanged(run);
    if (this.#cancelGraceMs !== undefined) this.#parts.cancel(run.id, this.#cancelGraceMs);
    this.advance();
  }

  /** A host that had not begun was queued. */
  #count(before: CountedRun | undefined, now: CountedRun): void {
    const counts = { ...this.#job.counts };
    counts[before === undefined ? "queued" : countedAs(before)] -= 1;
    counts[countedAs(now)] += 1;
    const startedAt = this.#job.startedAt ?? this.#parts.clock.now();
    this.#job = { ...this.#job, counts, startedAt };
    this.#parts.changed(this.#job);
  }

  /** Nothing runs: what is still queued has not begun, and never will. */
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
    return this.#isLeft ? "daemonStopped" : "failures";
  }
}

/** What of a job's request is each run's. */
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
