import {
  type GroupBy,
  type Job,
  type JobGroup,
  type JobQuery,
  type JobRequest,
  JobRequest as JobRequestSchema,
  type JobRerunRequest,
  type JobRunQuery,
  type ResolvedTargets,
} from "../../protocol/job.ts";
import { parseEventId } from "../../protocol/event-id.ts";
import { invalidRequest } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Clock } from "../core/clock.ts";
import { parseCursor } from "../core/cursor.ts";
import type { Feed } from "../core/feed.ts";
import type { Log } from "../core/log.ts";
import { TimeSlice } from "../core/time-slice.ts";
import { createdBefore, idempotencyOf } from "../runs/idempotency.ts";
import type { IdempotencyKey } from "../runs/record/run-store.ts";
import type { SudoGates } from "../runs/sudo/sudo-gates.ts";
import { requireSecrets } from "../runs/required-secrets.ts";
import { ActiveJob, type ActiveJobParts } from "./active-job.ts";
import { JobChanges } from "./job-changes.ts";
import { countsOf, nothingToRun, outcomeOf, partOf } from "./job-counts.ts";
import { type EndedRun, groupRuns, skippedGroup } from "./job-groups.ts";
import type { JobEvent } from "./job-log.ts";
import { JobLogs } from "./job-logs.ts";
import { newJob } from "./new-job.ts";
import { JobRuns, type JobRunsParts } from "./job-runs.ts";
import type { JobRun, JobStore } from "./job-store.ts";
import { type JobPart, type KnownHost, isDestination, requireTargets, resolveTargets } from "./targets.ts";

export interface JobsParts extends JobRunsParts {
  readonly store: JobStore;
  /** All known hosts. */
  readonly hosts: () => Promise<readonly KnownHost[]>;
  /** The host that a run on a name outside all lists would reach; undefined if there is none. */
  readonly destination: (name: string) => Promise<KnownHost | undefined>;
  readonly sudo: Pick<SudoGates, "forJob">;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (job: Job) => void;
}

/** How many names outside all lists are looked up. */
const maxDestinations = 256;

/** One command on many hosts: starts jobs, tracks those under way, and reports their results. */
export class Jobs {
  readonly #parts: JobsParts;
  readonly #runs: JobRuns;
  readonly #active = new Map<string, ActiveJob>();
  readonly #logs: JobLogs;
  readonly #changes: JobChanges;
  /** Active jobs whose start is recorded, so that the store is not written at each change. */
  readonly #startSaved = new Set<string>();

  constructor(parts: JobsParts) {
    this.#parts = parts;
    this.#runs = new JobRuns(parts);
    this.#logs = new JobLogs(this.#runs, parts.store);
    this.#changes = new JobChanges(parts.onChange);
  }

  async resolve(targets: readonly string[]): Promise<ResolvedTargets> {
    const hosts = await this.#parts.hosts();
    const ofJob = (which: JobPart, job: string) => this.#hostsOf(which, job);
    const resolved = resolveTargets(targets, { hosts, ofJob });
    if (resolved.unknown.length === 0) return resolved;
    // A host that a run would reach is valid, even if it is in no list.
    const named = resolved.unknown.map((name) => name.replace(/^!/, "")).filter(isDestination);
    const found: KnownHost[] = [];
    for (const name of new Set(named.slice(0, maxDestinations))) {
      const host = await this.#parts.destination(name);
      if (host !== undefined) found.push(host);
    }
    return found.length === 0 ? resolved : resolveTargets(targets, { hosts: [...hosts, ...found], ofJob });
  }

  /**
   * Commits a job and starts it. The same Idempotency-Key with the same request returns the existing job. Throws
   * `idempotency_conflict` for another request with that key, and `invalid_request` if any of its targets matches no
   * host.
   */
  async start(request: JobRequest, key?: string, rerunOf?: string): Promise<Job> {
    const idempotency = idempotencyOf(key, { ...request, rerunOf });
    const earlier = () => createdBefore(idempotency, this.#parts.store, (id) => this.#find(id));
    const before = earlier();
    if (before !== undefined) return before;
    const hosts = requireTargets(await this.resolve(request.targets));
    // In the meantime the same request may have been accepted.
    const meanwhile = earlier();
    return meanwhile ?? this.#begin(request, hosts, idempotency);
  }

  /** Throws `not_found` if there is no such job. */
  get(id: string): Job {
    const job = this.#find(id);
    if (job === undefined) throw jobUnknown(id);
    return job;
  }

  list({ limit = 50, cursor }: JobQuery): { items: Job[]; nextCursor: string | null } {
    const page = this.#parts.store.list(limit, cursor === undefined ? undefined : parseCursor(cursor));
    return {
      items: page.jobs.map((job) => this.#active.get(job.id)?.job ?? job),
      nextCursor: page.before === undefined ? null : String(page.before),
    };
  }

  runs(id: string, query: JobRunQuery): { items: Run[]; nextCursor: string | null } {
    this.get(id);
    const limit = query.limit ?? 100;
    const offset = query.cursor === undefined ? 0 : parseCursor(query.cursor);
    const found = this.#parts.store.listRuns(id, { ...query, limit: limit + 1, offset });
    return {
      items: found.slice(0, limit).map((run) => this.#parts.engine.live(run.id)?.run ?? run),
      nextCursor: found.length > limit ? String(offset + limit) : null,
    };
  }

  /** The ended runs of a job, grouped by result, and the hosts that never began. */
  async groups(id: string, by: GroupBy): Promise<JobGroup[]> {
    const { hosts, state } = this.get(id);
    const skipped = new Set(state === "ended" ? hosts : []);
    const ended: EndedRun[] = [];
    const slice = new TimeSlice(this.#parts.clock);
    for (const { id: run, host, outcome, exitCode } of this.#parts.store.runs(id)) {
      if (slice.spent) await slice.next();
      skipped.delete(host);
      if (outcome === null) continue;
      ended.push({ id: run, host, outcome, exitCode, sha256: this.#runs.hashesOf(run) });
    }
    return [...groupRuns(ended, by), ...skippedGroup([...skipped])];
  }

  /** Throws `not_found` if there is no such job, `run_unknown` if it has no such run. */
  requireRuns(id: string, runs: readonly string[]): void {
    this.get(id);
    const own = new Set(this.#parts.store.runs(id).map((run) => run.id));
    const other = runs.find((run) => !own.has(run));
    if (other !== undefined) {
      throw new Problem("run_unknown", `Job ${visibleLine(id)} has no run ${visibleLine(other)}.`);
    }
  }

  /** Cancels the runs under way, and starts no further host. Does nothing to an ended job. */
  cancel(id: string, graceMs: number): Job {
    this.get(id);
    this.#active.get(id)?.cancel(graceMs);
    return this.get(id);
  }

  /** Runs the job again, by default where it failed. Throws `conflict` if there is none, or if a secret is missing. */
  async rerun(id: string, { only, ...again }: JobRerunRequest, key?: string): Promise<Job> {
    const job = this.get(id);
    const { secretEnvNames = [], ...options } = job.options;
    requireSecrets("The job", secretEnvNames, again.secretEnv);
    const hosts = only === "all" ? job.hosts : (this.#hostsOf(only, id) ?? []);
    if (hosts.length === 0) throw nothingToRun(only, this.#hostsOf("unfinished", id));
    const { command, name } = job;
    const request = { ...options, ...again, cache: "renew", targets: hosts, command, name };
    const parsed = JobRequestSchema.safeParse(request);
    if (!parsed.success) throw invalidRequest(parsed.error, "This job cannot be run again as it was.");
    return this.start(parsed.data, key, id);
  }

  #find(id: string): Job | undefined {
    return this.#active.get(id)?.job ?? this.#parts.store.get(id);
  }

  /** A job's stream, and the epoch of its numbers. Throws `stream_position_unknown` for another stream's id. */
  feed(
    id: string,
    { after, output }: { readonly after: string | undefined; readonly output: boolean },
  ): { readonly feed: Feed<JobEvent>; readonly epoch: string } {
    const log = this.#active.get(id)?.log ?? this.#logs.of(this.get(id));
    const at = after === undefined || after === "" ? { epoch: log.epoch, seq: 0 } : parseEventId(after);
    if (at?.epoch !== log.epoch || at.seq > log.lastSeq) {
      throw new Problem(
        "stream_position_unknown",
        `This job's events have no id ${visibleLine(after ?? "")}. Read them from the beginning, without Last-Event-ID.`,
      );
    }
    return { feed: log.feed({ from: at.seq, output }), epoch: log.epoch };
  }

  /** To be called when a run has changed. */
  runChanged(run: Run): void {
    if (run.jobId !== null) this.#active.get(run.jobId)?.runChanged(run);
  }

  /** Resolves when no job will start a further host. */
  async begun(): Promise<void> {
    await Promise.all([...this.#active.values()].map((job) => job.begun));
  }

  /** Starts no further host of any job, since the daemon stops. */
  stop(): void {
    for (const job of this.#active.values()) job.stop();
  }

  /** Resumes jobs that an earlier daemon left open: no further host begins, and a job ends with its remaining runs. */
  resume(): void {
    this.#parts.store.forgetEmpty();
    for (const job of this.#parts.store.listOpen()) {
      const runs = this.#parts.store.runs(job.id);
      const counts = countsOf(job.hosts.length, runs, { begun: runs.length, over: true });
      const hasOpenRuns = counts.queued + counts.connecting + counts.running > 0;
      if (hasOpenRuns) this.#resumeJob(job, runs);
      else {
        const outcome = outcomeOf(counts, job.hosts.length, false);
        this.#parts.store.update({
          ...job,
          state: "ended",
          outcome,
          counts,
          skipReason: counts.skipped === 0 ? null : "daemonStopped",
          endedAt: this.#parts.clock.now(),
        });
      }
    }
  }

  #resumeJob(job: Job, runs: readonly JobRun[]): void {
    const { secretEnvNames: _, ...options } = job.options;
    const { targets, command, name } = job;
    // Earlier versions allowed a terminal here, which no durable run had.
    const pty = options.durable !== true && options.pty === true;
    const request = JobRequestSchema.parse({ ...options, pty, targets, command, name });
    const active = new ActiveJob(job, request, this.#activeParts(job));
    this.#active.set(job.id, active);
    active.takeOver(runs);
  }

  #begin(request: JobRequest, hosts: readonly string[], key: IdempotencyKey | undefined): Job {
    const job = newJob(request, hosts, this.#parts.clock.now());
    this.#parts.store.create(job, key);
    const active = new ActiveJob(job, request, this.#activeParts(job));
    this.#active.set(job.id, active);
    this.#changes.changed(job);
    active.advance();
    return active.job;
  }

  #activeParts({ id, hosts, options }: Job): ActiveJobParts {
    const { engine, clock } = this.#parts;
    const sudo = options.sameSudoPassword === true ? this.#parts.sudo.forJob(hosts) : undefined;
    const isCancelled = (): boolean => this.#active.get(id)?.isCancelled === true;
    return {
      clock,
      start: (job, request) => this.#runs.start(job, request, { isCancelled, sudo }),
      cancel: (run, graceMs) => void engine.cancel(run, graceMs),
      follow: (run, log) => this.#runs.follow(run, log),
      changed: (job) => this.#changed(job),
    };
  }

  #changed(job: Job): void {
    if (job.state === "ended") {
      const log = this.#active.get(job.id)?.log;
      this.#active.delete(job.id);
      if (log !== undefined) this.#logs.keep(job.id, log);
    }
    this.#save(job);
    this.#changes.changed(job);
  }

  /**
   * Records that a job began, and how it ended. On a full disk the job's record is out of date, but its runs are
   * unaffected.
   */
  #save(job: Job): void {
    if (job.state !== "ended" && (job.startedAt === null || this.#startSaved.has(job.id))) return;
    try {
      this.#parts.store.update(job);
      this.#startSaved.add(job.id);
    } catch (failure) {
      this.#parts.log.warn("The state of a job cannot be recorded", { job: job.id, failure });
    }
    if (job.state === "ended") this.#startSaved.delete(job.id);
  }

  #hostsOf(which: JobPart, id: string): readonly string[] | undefined {
    const job = this.#find(id);
    if (job === undefined) return undefined;
    const runs = this.#parts.store.runs(id).map((run) => this.#runs.newest(run));
    const begun = new Set(runs.map(({ host }) => host));
    const of = runs.filter((run) => partOf(run) === which).map(({ host }) => host);
    return which === "unfinished" ? [...of, ...job.hosts.filter((host) => !begun.has(host))] : of;
  }
}

function jobUnknown(id: string): Problem {
  return new Problem("not_found", `No job ${visibleLine(id)}. It may have been forgotten with its runs.`);
}
