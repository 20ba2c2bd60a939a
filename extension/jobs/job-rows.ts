import type { Job } from "../../protocol/job.ts";
import type { JobRow, JobStanding } from "../../protocol/job-panel.ts";
import type { Run } from "../../protocol/run.ts";

const order: readonly Run["state"][] = ["queued", "connecting", "running", "ended"];

/** The rows of a job, one per host, and which of them have changed since they were last requested. */
export class JobRows {
  readonly #isProduction: (host: string) => boolean;
  readonly #runs = new Map<string, Run>();
  readonly #changed = new Set<string>();
  #job: Job;

  constructor(job: Job, isProduction: (host: string) => boolean) {
    this.#job = job;
    this.#isProduction = isProduction;
  }

  get job(): Job {
    return this.#job;
  }

  /** Ignores an older state of the run, which may arrive late. */
  take(run: Run): void {
    const known = this.#runs.get(run.host.name);
    if (known !== undefined && order.indexOf(known.state) > order.indexOf(run.state)) return;
    this.#runs.set(run.host.name, run);
    this.#changed.add(run.host.name);
  }

  takeJob(job: Job): void {
    if (this.#job.state === "ended") return;
    this.#job = job;
    if (job.state !== "ended") return;
    for (const host of job.hosts) if (!this.#runs.has(host)) this.#changed.add(host);
  }

  runOf(host: string): Run | undefined {
    return this.#runs.get(host);
  }

  all(): JobRow[] {
    this.#changed.clear();
    return this.#job.hosts.map((host) => this.#row(host));
  }

  changed(): JobRow[] {
    const rows = [...this.#changed].map((host) => this.#row(host));
    this.#changed.clear();
    return rows;
  }

  standing(): JobStanding {
    const { state, outcome, counts, startedAt, createdAt, endedAt } = this.#job;
    const elapsedMs = since(startedAt ?? createdAt, endedAt);
    return { state, outcome, counts, elapsedMs };
  }

  #row(host: string): JobRow {
    const production = this.#isProduction(host);
    const run = this.#runs.get(host);
    if (run === undefined) {
      const isOver = this.#job.state === "ended";
      const state = isOver ? ("ended" as const) : ("queued" as const);
      const none = { runId: null, exitCode: null, signal: null, elapsedMs: null, problem: null };
      return { host, production, state, outcome: isOver ? "skipped" : null, ...none };
    }
    const { id: runId, state, outcome, exitCode, signal, problem, startedAt, endedAt, timings } = run;
    const elapsedMs = timings.totalMs ?? (startedAt === null ? null : since(startedAt, endedAt));
    return {
      host,
      production,
      runId,
      state,
      outcome,
      exitCode,
      signal,
      elapsedMs,
      problem: problem?.detail ?? null,
    };
  }
}

function since(from: string, to: string | null): number {
  return Math.max(0, (to === null ? Date.now() : Date.parse(to)) - Date.parse(from));
}
