import { randomBytes } from "node:crypto";
import type { OutputStream } from "../../../protocol/event.ts";
import { Problem } from "../../../protocol/problem.ts";
import type { LoginShell } from "../../transport/login-shell.ts";
import type { Questioner } from "../../transport/questioner.ts";
import type { Remote, RemoteProcess } from "../../transport/remote.ts";
import type { LiveRun } from "../record/live-run.ts";
import { asProblem, type RunExecution, showBanner } from "../run-execution.ts";
import { StopController } from "../terminate/stop-controller.ts";
import {
  type DurableEffect,
  type DurableEvent,
  type DurableState,
  initialState,
  statusOf,
} from "./durable-state.ts";
import { endDurableGroup } from "./end-durable-group.ts";
import { followCommand, type HostCommand, type StartInput, startCommand } from "./host-script.ts";
import { isComplete } from "./ending-from-status.ts";
import { type HostListener, openHostSession } from "./host-session.ts";
import type { DurableExecutionParts } from "./durable-parts.ts";
import type { DurablePlan } from "./plan.ts";
import { keptMessage, notOwn } from "./refusals.ts";
import { ReconnectBackoff } from "./reconnect-backoff.ts";
import { forgetPlan, keepFiles, removeFiles } from "./removal.ts";
import { Timers } from "./timers.ts";
import { transition } from "./transition.ts";

type Performers = {
  readonly [Type in DurableEffect["type"]]: (effect: DurableEffect<Type>) => void;
};

/**
 * A run that outlives the daemon: its command is started detached and followed through its files, over as many sessions
 * as necessary. The command starts only if creating its directory on the host succeeds, so the start can safely be
 * repeated. `transition` decides what to do; this class does it.
 */
export class DurableExecution implements RunExecution {
  readonly outlivesDaemon = true;
  readonly live: LiveRun;
  readonly stops = new StopController({
    stop: (request) => this.#dispatch({ type: "stopRequested", ...request }),
    abandon: (problem) => this.#dispatch({ type: "abandoned", problem }),
  });
  readonly #parts: DurableExecutionParts;
  #questioner: Questioner | undefined;
  /** Starts the command; undefined if the run can only be looked for. */
  readonly #start: StartInput | undefined;
  readonly #abort = new AbortController();
  readonly #wake = new AbortController();
  readonly #timers = new Timers();
  readonly #backoff = new ReconnectBackoff();
  readonly #over = Promise.withResolvers<void>();
  readonly #performers: Performers = {
    connecting: ({ message }) => this.live.status("connecting", message),
    running: ({ message, reused }) =>
      this.live.status("running", message, reused === undefined ? {} : { reusedConnection: reused }),
    reportStatus: (effect) => this.#reportStatus(effect),
    savePlan: (effect) => this.#savePlan(effect),
    updatePlan: (effect) => this.#savePlan(effect),
    replay: () => void this.#begin(this.#replay()),
    openSession: (effect) => this.#openSession(effect),
    pause: () => void this.#begin(this.#pause()),
    waitForRoom: () => void this.#begin(this.#waitForRoom()),
    cutPauseShort: () => this.#wake.abort(),
    reached: () => this.#backoff.reset(),
    limitTime: () => this.#limitTime(),
    endTimeLimit: () => this.stops.endTimeLimit(),
    resumeStop: ({ request }) => this.stops.request(request),
    withdrawStop: () => {
      this.stops.withdraw();
      this.#timers.clear();
    },
    endGroup: (effect) => void this.#begin(this.#endGroup(effect)),
    release: () => this.live.pace.end(),
    startTimer: ({ timer, ms }) => this.#timers.start(ms, () => this.#dispatch({ type: "elapsed", timer })),
    end: (effect) => this.#end(effect),
    abort: () => this.#abort.abort(),
  };
  #state: DurableState;
  #remote: Remote | undefined;
  #process: RemoteProcess | undefined;
  #receivedBefore = 0;
  /** Work that ends with the current session. */
  #session: Promise<void> = Promise.resolve();

  /** With `start`, a new run; without, one that an earlier daemon began. */
  constructor(live: LiveRun, plan: DurablePlan, start: StartInput | undefined, parts: DurableExecutionParts) {
    this.live = live;
    this.#start = start;
    this.#parts = parts;
    this.#questioner = parts.questioner;
    this.#state = initialState(plan, {
      isNew: start !== undefined,
      hasBegun: live.run.startedAt !== null,
    });
    live.rewindWith(() => {
      this.#dispatch({ type: "unrecorded" });
      return this.#state.step.at === "replaying";
    });
  }

  async run(remote: Remote): Promise<void> {
    this.#remote = remote;
    if (this.#state.command === "unsent") this.live.timing({ queueMs: this.live.ageMs });
    try {
      this.#dispatch({ type: "admitted" });
      await this.#over.promise;
      await this.#session;
    } finally {
      this.stops.close();
      this.#timers.clear();
    }
    const { ended, run } = this.live;
    if (!ended) return;
    const { plan, command } = this.#state;
    // A stopped command that was sent may have begun, although its host has not reported that.
    if (command !== "begun" && run.stopConfirmed !== false) forgetPlan(run.id, this.#parts);
    else if (this.live.hasUnrecordedOutput || run.problem?.code === "storage_full")
      void keepFiles(remote, { run, plan }, { ...this.#parts, persisted: this.live.persisted });
    else void removeFiles(remote, { run, plan }, this.#parts);
  }

  get cancelRefusal(): Problem | undefined {
    const { isOwn, target } = this.#state.plan;
    return isOwn ? undefined : notOwn(target);
  }

  stdin(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  resize(): boolean {
    return false;
  }

  #dispatch(event: DurableEvent): void {
    const [state, effects] = transition(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    if (state.step.at === "over" || state.step.at === "left") this.#over.resolve();
  }

  #perform<Type extends DurableEffect["type"]>(effect: DurableEffect<Type>): void {
    this.#performers[effect.type](effect);
  }

  #reportStatus({ message, reconnecting, stopping }: DurableEffect<"reportStatus">): void {
    const state = this.live.run.state === "running" ? "running" : "connecting";
    this.live.status(
      state,
      message,
      {},
      { ...(reconnecting && { reconnecting }), ...(stopping && { stopping }) },
    );
  }

  #savePlan({ type }: DurableEffect<"savePlan" | "updatePlan">): void {
    const { plans, log } = this.#parts;
    try {
      plans.save(this.live.run.id, this.#state.plan);
    } catch (failure) {
      // The next daemon then looks for the run in every place, or does not know that it was to end.
      if (type === "updatePlan") log.warn("News of a durable run could not be recorded", { failure });
      else this.#failed(failure);
      return;
    }
    if (type === "savePlan") this.#dispatch({ type: "planSaved" });
  }

  #limitTime(): void {
    const ran = Date.now() - Date.parse(this.live.run.startedAt ?? this.live.run.createdAt);
    this.stops.limitTime(Math.max(0, this.#state.plan.timeoutMs - Math.max(0, ran)));
  }

  #end({ ending }: DurableEffect<"end">): void {
    this.stops.close();
    this.live.flushOutput(true);
    const { directory, target } = this.#state.plan;
    if (this.live.hasUnrecordedOutput && directory !== null) {
      const message = keptMessage(target, `${directory}/${this.live.run.id}`);
      this.#parts.log.warn(message, { run: this.live.run.id });
      this.#reportStatus({ type: "reportStatus", message, reconnecting: false });
    }
    this.live.end(ending);
  }

  #openSession({ more }: DurableEffect<"openSession">): void {
    if (more) this.#backoff.record(true);
    this.#session = this.#begin(this.#runSession());
  }

  /** Asynchronous work dispatches its own outcome; an exception here is a bug in Hostrun. */
  async #begin(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (failure) {
      this.#over.reject(failure);
    }
  }

  async #pause(): Promise<void> {
    this.#backoff.record(this.#received > this.#receivedBefore);
    // A stop cuts the pause short, once.
    const wake = this.#wake.signal.aborted ? [] : [this.#wake.signal];
    await this.#backoff.pause([this.#abort.signal, ...wake]);
    this.#dispatch({ type: "paused" });
  }

  /** Leaves the host alone until the store accepts writes or the run is to end. */
  async #waitForRoom(): Promise<void> {
    this.#process?.close();
    await this.#session;
    const left = AbortSignal.any([this.#abort.signal, this.#wake.signal]);
    do {
      this.#backoff.reset();
      this.#backoff.record(false);
      await this.#backoff.pause([left]);
    } while (!left.aborted && !this.live.hasRoom());
    await this.#replay();
  }

  async #replay(): Promise<void> {
    const { eventLoop, log } = this.#parts;
    try {
      await this.live.replay(eventLoop, this.#abort.signal);
    } catch (failure) {
      if (!this.#abort.signal.aborted)
        log.error("The record of a durable run cannot be read", { run: this.live.run.id, failure });
      this.#dispatch({ type: "unreadable" });
      return;
    }
    this.#dispatch({ type: "replayed" });
  }

  /** Starts or finds the command, and follows it until the session ends. */
  async #runSession(): Promise<void> {
    const remote = this.#remote;
    if (remote === undefined) return;
    const { plan, findOnly } = this.#state;
    const token = randomBytes(6).toString("hex");
    const run = { id: this.live.run.id, directory: plan.directory, isOwn: plan.isOwn };
    const start = findOnly ? undefined : this.#start;
    const from = { ...this.#offsets(), hash: !this.live.hasEveryByte };
    this.#receivedBefore = this.#received;
    const command = (shell: LoginShell): HostCommand =>
      start === undefined ? followCommand(run, token, from) : startCommand(run, token, start, shell);
    const asked = { plan, questioner: this.#questioner, token, command };
    const opening = openHostSession(remote, asked, this.#listener(), this.#abort.signal);
    const session = await opening.catch((failure: unknown) => {
      // The command keeps running and is looked for again, but a person who declined is not asked again.
      if (failure instanceof Problem && failure.code === "declined") this.#questioner = undefined;
      this.#failed(failure);
    });
    if (session === undefined) return;
    const { process } = session;
    if (this.#state.command === "unsent") this.live.sentTo(process);
    this.#process = this.live.pace.drive(process);
    this.#dispatch({ type: "opened", connection: process });
    const { kind: how } = await session.over;
    this.#process = undefined;
    this.live.flushOutput(isComplete(statusOf(this.#state), this.#offsets()));
    const { exhausted } = this.#backoff;
    this.#dispatch({ type: "closed", how, received: this.#offsets(), exhausted });
  }

  #listener(): HostListener {
    return {
      step: (message) => this.#dispatch({ type: "connecting", message }),
      banner: (banner, hop, from) => showBanner(this.live, banner, hop, from),
      sent: () => this.#dispatch({ type: "sent" }),
      status: (status) => this.#dispatch({ type: "reported", status }),
      output: (stream, chunk) => this.live.output(stream, chunk),
    };
  }

  async #endGroup(effect: DurableEffect<"endGroup">): Promise<void> {
    const [remote, process] = [this.#remote, this.#process];
    const run = { id: this.live.run.id, plan: this.#state.plan, signal: this.#abort.signal };
    const isFollowed = remote !== undefined && process !== undefined;
    const end = isFollowed ? await endDurableGroup(effect, { ...run, remote, process }) : undefined;
    this.#dispatch({ type: "groupEnded", end });
  }

  #failed(failure: unknown): undefined {
    this.#dispatch({ type: "failed", problem: asProblem(failure), exhausted: this.#backoff.exhausted });
  }

  #offsets(): Record<OutputStream, number> {
    return { stdout: this.live.receivedBytes("stdout"), stderr: this.live.receivedBytes("stderr") };
  }

  get #received(): number {
    return this.live.receivedBytes("stdout") + this.live.receivedBytes("stderr");
  }
}
