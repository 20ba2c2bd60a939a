import type { Writable } from "node:stream";
import { internalProblem } from "../../protocol/internal-problem.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run, RunRequest, TerminalSize } from "../../protocol/run.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { EventLoopQueue } from "../core/event-loop-queue.ts";
import { within } from "../core/in-time.ts";
import { Admission } from "./admission.ts";
import { DurableExecution } from "./durable/durable-execution.ts";
import type { DurableParts } from "./durable/durable-parts.ts";
import type { DurablePlans, PlannedRemoval, PlannedRun } from "./durable/plan.ts";
import { removeFiles } from "./durable/removal.ts";
import { createExecution, type ExecutionPlace } from "./create-execution.ts";
import { createdBefore, idempotencyOf } from "./idempotency.ts";
import type { LatencyRecord } from "./latency.ts";
import { LiveRun } from "./record/live-run.ts";
import type { Prompts } from "../prompts/prompts.ts";
import { questionerOf } from "./run-questioner.ts";
import type { Remote } from "../transport/remote.ts";
import { type Cache, cachedResult, isReusable } from "./result-cache.ts";
import { patienceOf, sharedResult, type SharedRequest, SharedResults } from "./shared-results.ts";
import { newRun } from "./new-run.ts";
import { QueuedExecution } from "./queued-execution.ts";
import type { IdempotencyKey, RunStore } from "./record/run-store.ts";
import { recordedHashes } from "./record/recorded-hashes.ts";
import { asProblem, type RunExecution } from "./run-execution.ts";
import { ExpectedHosts, type RunHosts } from "./run-hosts.ts";
import type { SudoAccess, SudoGates } from "./sudo/sudo-gates.ts";
import { abandonAll } from "./terminate/abandon-all.ts";

export interface RunEngineParts {
  readonly store: RunStore;
  readonly plans: DurablePlans;
  readonly remote: Remote;
  readonly hosts: RunHosts;
  readonly cache: Cache;
  readonly prompts: Pick<Prompts, "questioner">;
  readonly sudo: Pick<SudoGates, "forLogin">;
  readonly latency: LatencyRecord;
  readonly settings: () => Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: (run: Run) => void;
}

/** Who starts a run. */
export interface RunOrigin {
  readonly key: string | undefined;
  /** Waiting runs of different clients take turns. Runs without a client name count as one client. */
  readonly client: string;
  readonly jobId?: string;
  /** Set for a job whose hosts share a sudo password. */
  readonly sudo?: SudoAccess | undefined;
}

const maxFinishMs = 5000;

/** Starts runs, keeps track of those under way, and makes sure that each ends exactly once. */
export class RunEngine implements AsyncDisposable {
  readonly #parts: RunEngineParts;
  readonly #admission: Admission;
  readonly #hosts: ExpectedHosts;
  /** By run id, until the ending is in the store. Looked up before the store. */
  readonly #executions = new Map<string, RunExecution>();
  /** Until all of their work is done. */
  readonly #underWay = new Set<RunExecution>();
  /** To be called when the work of one is done. */
  readonly #onDone: (() => void)[] = [];
  /** By run id: runs that have ended but still have readers to catch up. */
  readonly #followed = new Map<string, LiveRun>();
  readonly #shared: SharedResults;
  readonly #stopped = new AbortController();
  readonly #allAbandoned = Promise.withResolvers<void>();
  readonly #durable: DurableParts;
  #draining = false;

  constructor(parts: RunEngineParts) {
    this.#parts = parts;
    const { plans, log, hosts, remote, clock } = parts;
    this.#shared = new SharedResults(parts.cache);
    this.#hosts = new ExpectedHosts(hosts, remote, clock);
    this.#durable = { plans, log, eventLoop: new EventLoopQueue(), stopped: this.#stopped.signal };
    this.#admission = new Admission(() => {
      const { poolMaxConnections, channelsPerConnection, maxQueuedRuns } = parts.settings();
      return { active: poolMaxConnections * channelsPerConnection, queued: maxQueuedRuns };
    });
  }

  /**
   * Commits a run and starts it. The same `key` with the same request returns the existing run. Throws
   * `idempotency_conflict` for another request with that key, `host_unknown`, `queue_full`, `storage_full`.
   */
  async start(given: RunRequest, { key, client, jobId, sudo }: RunOrigin): Promise<Run> {
    const idempotency = idempotencyOf(key, given);
    const before = this.#earlier(idempotency);
    if (before !== undefined) return before;
    this.#refuseWhenDraining(jobId);
    const { target, host, worker, session, askedAt, ...usual } = await this.#hosts.resolve(given);
    const request = { ...given, pty: given.pty || (session.pty && !given.durable) };
    const loginShell = request.loginShell ?? usual.loginShell;
    const cacheable = { request, loginShell, hostEnvironment: session.environment };
    const result = await cachedResult(cacheable, { target, askedAt }, this.#parts);
    // In the meantime the same request may have been accepted, or the daemon may have begun to stop.
    const meanwhile = this.#earlier(idempotency);
    if (meanwhile !== undefined) return meanwhile;
    this.#refuseWhenDraining(jobId);
    this.#admission.check();
    const live = new LiveRun(
      newRun(request, { host, jobId }, result.run !== undefined, this.#parts.clock.now()),
      { key: idempotency },
      request.recordLimitBytes,
      this.#parts,
    );
    if (result.run !== undefined) {
      live.endAsCopy(result.run, recordedHashes(this.#parts.store.events, result.run.id));
      return live.run;
    }
    const where = { target, session, loginShell, worker, askedAt, sudo };
    const execution = this.#queued(live, request, where);
    const patience = patienceOf(request, session, this.#parts.settings());
    const shared = this.#sharedResult(execution, { key: result.key, cacheable, patience });
    this.#begin(execution, client, () => this.#measure(live), shared);
    return live.run;
  }

  /** Records a run that could not be started, for a caller that needs a run in any case. Throws `storage_full`. */
  refuse(request: RunRequest, { jobId }: RunOrigin, failure: unknown): Run {
    const name = String(request.host);
    const where = { host: { id: null, name, address: name }, jobId };
    const run = newRun(request, where, false, this.#parts.clock.now());
    const live = new LiveRun(run, { key: undefined }, request.recordLimitBytes, this.#parts);
    live.end({ outcome: "failed", problem: asProblem(failure) });
    return live.run;
  }

  /** Resumes a durable run that an earlier daemon began, or cleans up after one that is over. */
  resume({ run, plan }: PlannedRun): void {
    if (run.state === "ended") {
      this.cleanUp({ run, plan });
      return;
    }
    const live = new LiveRun(run, "another daemon", plan.recordLimitBytes, this.#parts);
    const questioner = questionerOf(live, run.options.prompts ?? "fail", this.#parts.prompts);
    const parts = { ...this.#durable, questioner };
    this.#begin(new DurableExecution(live, plan, undefined, parts), "", () => undefined);
  }

  /** Does what is left to do on the host of a durable run that has ended, also of one that was deleted. */
  cleanUp(left: PlannedRemoval): void {
    void removeFiles(this.#parts.remote, left, this.#durable);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** To be called when the settings have changed. */
  limitsChanged(): void {
    this.#admission.admit();
  }

  /** Refuses new runs from now on, except those of jobs already accepted. */
  drain(): void {
    this.#draining = true;
  }

  live(id: string): LiveRun | undefined {
    return this.#executions.get(id)?.live;
  }

  /** A run that is under way, or that has ended but still has readers that asked for every byte. */
  followed(id: string): LiveRun | undefined {
    return this.live(id) ?? this.#followed.get(id);
  }

  /**
   * Asks the run to end; does nothing to one that has ended. Returns false when it is not under way. Throws `conflict`.
   */
  cancel(id: string, graceMs: number): boolean {
    const execution = this.#executions.get(id);
    const refusal = execution?.cancelRefusal;
    if (refusal !== undefined) throw refusal;
    execution?.stops.cancel(graceMs);
    return execution !== undefined;
  }

  /** Returns false when the run is not under way or has no terminal. */
  resize(id: string, size: TerminalSize): boolean {
    return this.#executions.get(id)?.resize(size) === true;
  }

  /** The run's standard input, once it exists; undefined when it is not open. */
  async stdin(id: string): Promise<Writable | undefined> {
    return this.#executions.get(id)?.stdin();
  }

  counts(): { queued: number; connecting: number; running: number } {
    const counts = { queued: 0, connecting: 0, running: 0 };
    for (const { live } of this.#executions.values()) {
      if (live.run.state !== "ended") counts[live.run.state]++;
    }
    return counts;
  }

  /** Resolves when every run that needs this daemon has ended. */
  drained(): Promise<void> {
    return this.#finished((execution) => !execution.outlivesDaemon);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drain();
    this.#stopped.abort();
    await abandonAll(this.#executions.values(), this.#parts);
    this.#allAbandoned.resolve();
    // Endings are recorded by now, so don't wait for hosts that keep a session open.
    await within(
      maxFinishMs,
      this.#finished(() => true),
    );
  }

  async #finished(which: (execution: RunExecution) => boolean): Promise<void> {
    for (const execution of this.#underWay) {
      while (which(execution) && this.#underWay.has(execution)) {
        await new Promise<void>((resolve) => this.#onDone.push(resolve));
      }
    }
  }

  /** The remaining hosts of an accepted job are still run. */
  #refuseWhenDraining(jobId: string | undefined): void {
    if (!this.#draining || (jobId !== undefined && !this.#stopped.signal.aborted)) return;
    throw new Problem(
      "daemon_stopped",
      "The Hostrun daemon is stopping and accepts no new runs. Try again in a moment.",
    );
  }

  #queued(live: LiveRun, request: RunRequest, where: ExecutionPlace): RunExecution {
    const usual = this.#parts.settings();
    return new QueuedExecution(live, {
      outlivesDaemon: request.durable,
      create: () => createExecution(live, request, where, { ...this.#parts, usual, durable: this.#durable }),
    });
  }

  /**
   * Carries out the run once it is admitted, or ends it with the `shared` result of another run. `afterwards` is called
   * before the next run is admitted.
   */
  #begin(
    execution: RunExecution,
    client: string,
    afterwards: () => void,
    shared?: Promise<Run | undefined>,
  ): void {
    this.#executions.set(execution.live.run.id, execution);
    this.#underWay.add(execution);
    const enter = (): void => {
      const leave = this.#admission.enter(client, () => {
        void this.#carryOut(execution).finally(() => {
          afterwards();
          leave();
          this.#done(execution);
        });
      });
    };
    if (shared === undefined) enter();
    else void this.#share(execution, shared, enter);
  }

  #done(execution: RunExecution): void {
    this.#underWay.delete(execution);
    for (const tell of this.#onDone.splice(0)) tell();
  }

  async #share(execution: RunExecution, shared: Promise<Run | undefined>, enter: () => void): Promise<void> {
    const of = await shared;
    if (of === undefined) {
      enter();
      return;
    }
    const { live } = execution;
    await this.#carryOut({ live, run: () => this.#copy(live, of) });
    this.#done(execution);
  }

  #copy(live: LiveRun, of: Run): Promise<void> {
    live.endAsCopy(of, recordedHashes(this.#parts.store.events, of.id));
    return Promise.resolve();
  }

  async #carryOut(execution: Pick<RunExecution, "live" | "run">): Promise<void> {
    const { live } = execution;
    try {
      // Admitted because an abandoned run ended: this run is abandoned, too.
      if (this.#stopped.signal.aborted) await this.#allAbandoned.promise;
      await execution.run(this.#parts.remote);
    } catch (failure) {
      this.#failedInternally(live, failure);
    }
    void live.persisted.then(() => this.#release(live));
  }

  #release(live: LiveRun): void {
    const { id } = live.run;
    this.#followed.set(id, live);
    this.#executions.delete(id);
    // A job's readers are woken once a turn and have yet to read the ending.
    live.pace.whenEmpty(() => setImmediate(() => this.#followed.delete(id)));
  }

  /** Executions report failures in their run; an exception here is a bug in Hostrun and must not affect other runs. */
  #failedInternally(live: LiveRun, failure: unknown): void {
    this.#parts.log.error("Internal error in a run", { run: live.run.id, failure });
    live.end({ outcome: "unknown", problem: internalProblem() });
  }

  #measure({ run }: LiveRun): void {
    if (run.outcome === "exited") this.#parts.latency.add(run);
  }

  /**
   * The result of an identical run under way, if there is one and the request may use it. Otherwise later identical runs
   * may wait for this one.
   */
  #sharedResult(
    { live, stops }: RunExecution,
    { key, cacheable, patience }: SharedRequest,
  ): Promise<Run | undefined> | undefined {
    if (key === undefined) return undefined;
    const { epoch } = this.#parts.store.events;
    const { cacheTtlMs: ttlMs, cache } = cacheable.request;
    const result = live.persisted.then(() =>
      sharedResult(live.run, isReusable(live, cacheable, { key, epoch })),
    );
    const own = { live, patience, ttlMs, result };
    if (cache !== "renew") return this.#shared.join(key, own, stops.requested);
    this.#shared.begin(key, own);
    return undefined;
  }

  #earlier(key: IdempotencyKey | undefined): Run | undefined {
    const { store } = this.#parts;
    return createdBefore(key, store, (id) => this.live(id)?.run ?? store.get(id));
  }
}
