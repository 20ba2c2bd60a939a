import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import * as vscode from "vscode";
import { openDaemon, type Daemon as OpenedDaemon } from "../../client/daemon.ts";
import { CrashCount, crashedTooOften } from "../../client/crash-count.ts";
import { isNotRunning } from "../../client/discover.ts";
import { endDaemon } from "../../client/end-daemon.ts";
import { placesIn } from "../../client/places.ts";
import type { Answer, CallableName, CallArguments } from "../../client/request.ts";
import type { OutputOptions } from "../../client/run-bytes.ts";
import type { RunBytesEvent, RunToStart } from "../../client/run-events.ts";
import { startedWith } from "../../client/started-with.ts";
import type { Api } from "../../protocol/api.ts";
import type { Change } from "../../protocol/change.ts";
import type { JobEvent } from "../../protocol/job-event.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import { asProblem, isAbort } from "../problem-report.ts";
import type { Daemon } from "./daemon.ts";
import { watchForDaemon } from "./discovery-watch.ts";
import { FollowedDaemon } from "./followed-daemon.ts";
import { showHandover } from "./handover-progress.ts";
import { StartedRuns } from "./started-runs.ts";

export type LinkState =
  | { readonly kind: "idle" }
  | { readonly kind: "starting" }
  | { readonly kind: "connected"; readonly version: string; readonly pid: number }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly problem: Problem };

/** A position that no stream has: the daemon responds with `reset` once the stream is open. */
const nowhere = "0.0";

/**
 * This window's link to the daemon: finds or starts it when it is first needed, follows its stream of changes, and
 * restarts it after a crash, up to five crashes within three minutes.
 */
export class DaemonLink implements Daemon, vscode.Disposable {
  readonly daemonScript: string;
  readonly #version: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #changes = new vscode.EventEmitter<Change>();
  readonly #goneAway = new vscode.EventEmitter<void>();
  readonly #followed = new FollowedDaemon<OpenedDaemon>(() => this.#goneAway.fire());
  readonly #states = new vscode.EventEmitter<LinkState>();
  readonly #crashes = new CrashCount();
  readonly #started = new StartedRuns();
  #end = new AbortController();
  #opening: Promise<OpenedDaemon> | undefined;
  #state: LinkState = { kind: "idle" };
  #watch: Disposable | undefined;
  /** The arguments that the daemon was started with, which its replacement after a crash gets, too. */
  #startedWith: readonly string[] = [];

  readonly onDidChange = this.#changes.event;
  readonly onDidGoAway = this.#goneAway.event;
  readonly onDidChangeState = this.#states.event;

  /** `daemonScript`: the script of the daemon bundled with this extension, whose version is given. */
  constructor(daemonScript: string, version: string, log: vscode.LogOutputChannel) {
    this.daemonScript = daemonScript;
    this.#version = version;
    this.#log = log;
  }

  get state(): LinkState {
    return this.#state;
  }

  get startedWith(): readonly string[] {
    return this.#startedWith;
  }

  get places(): ReturnType<typeof placesIn> {
    return placesIn(stateDirectory());
  }

  async call<Name extends CallableName>(
    name: Name,
    ...input: CallArguments<Name>
  ): Promise<Answer<Api[Name]>> {
    return this.#ask((daemon) => daemon.call(name, ...input));
  }

  /** The same for a running daemon: none is started. */
  async callRunning<Name extends CallableName>(
    name: Name,
    ...input: CallArguments<Name>
  ): Promise<Answer<Api[Name]>> {
    const daemon = await this.#opening;
    if (daemon === undefined) throw new Problem("daemon_unreachable", "The daemon is not running.");
    return daemon.call(name, ...input);
  }

  startRun(run: RunToStart): Promise<Run> {
    return this.#ask((daemon) => this.#started.begin((signal) => daemon.startBytes(run, { signal })));
  }

  async *runEvents(run: string, signal: AbortSignal): AsyncGenerator<RunBytesEvent, void, undefined> {
    yield* this.#started.take(run, signal) ?? (await this.open()).subscribeBytes(run, { signal });
  }

  async *jobEvents(job: string, signal: AbortSignal): AsyncGenerator<JobEvent, void, undefined> {
    const daemon = await this.open();
    for await (const { event } of daemon.jobEvents(job, { signal })) yield event;
  }

  async openOutput(
    run: string,
    stream: "stdout" | "stderr" | "both",
    options?: OutputOptions,
  ): Promise<AsyncIterable<Buffer>> {
    return (await this.open()).openOutput(run, stream, options);
  }

  /** Finds or starts the daemon, once for all callers; if it rejects with a Problem, the next call tries again. */
  open(): Promise<OpenedDaemon> {
    if (this.#opening !== undefined) return this.#opening;
    this.#watch?.[Symbol.dispose]();
    const { signal } = this.#end;
    const opening = this.#open(signal);
    this.#opening = opening;
    opening.then(
      (daemon) => this.#follow(daemon, opening, signal),
      () => {
        if (this.#opening === opening) this.#opening = undefined;
      },
    );
    return opening;
  }

  /** Starts the daemon even though it crashed too often; with the previous one's arguments if it replaces it. */
  async retry(daemonArguments: readonly string[] = []): Promise<void> {
    this.#crashes.forget();
    this.#startedWith = daemonArguments;
    await this.open();
  }

  /** Rejects if a daemon would not start in place of this one. */
  async checkStart(): Promise<void> {
    const { checkStart } = await import("../../client/check-start.ts");
    const { places, daemonScript } = this;
    await checkStart({ places, daemonScript, daemonArguments: this.#startedWith });
  }

  /** Stops the daemon, which ends its runs; it is not started again until it is needed. */
  async stop(): Promise<void> {
    const daemon = await openDaemon({ stateDirectory: stateDirectory() });
    this.#release();
    // The link must not regard it as running, nor restart it.
    this.#become({ kind: "stopped" });
    await daemon.call("shutdown", { body: {} });
    await daemon[Symbol.asyncDispose]();
    await this.#gone(daemon.health.pid);
    this.#stopped();
  }

  /** Kills a daemon that does not answer. Rejects if the process is not the daemon, or does not end. */
  async end(): Promise<void> {
    this.#release();
    this.#become({ kind: "stopped" });
    await endDaemon(this.places);
    this.#stopped();
  }

  dispose(): void {
    this.#release();
    vscode.Disposable.from(this.#changes, this.#goneAway, this.#states).dispose();
  }

  async #ask<T>(work: (daemon: OpenedDaemon) => Promise<T>): Promise<T> {
    const opening = this.open();
    const daemon = await opening;
    try {
      return await work(daemon);
    } catch (failure) {
      if (!isNotRunning(failure)) throw failure;
      // It ended, or another client restarted it, before this was sent: send it to the next one.
      if (this.#opening === opening) this.#opening = undefined;
      return work(await this.open());
    }
  }

  async #open(signal: AbortSignal): Promise<OpenedDaemon> {
    this.#become({ kind: "starting" });
    try {
      const handover = { version: this.#version, onWaiting: showHandover };
      const start = { daemonScript: this.daemonScript, daemonArguments: this.#startedWith };
      const daemon = await openDaemon({ stateDirectory: stateDirectory(), ...start, handover }, signal);
      this.#startedWith = await startedWith(daemon).catch(() => []);
      const { version, pid } = daemon.health;
      this.#log.info(`Connected to daemon version ${version}, process ${pid}, on ${daemon.discovery.socket}`);
      this.#become({ kind: "connected", version, pid });
      return daemon;
    } catch (failure) {
      if (!isAbort(failure)) this.#become({ kind: "failed", problem: asProblem(failure) });
      throw failure;
    }
  }

  /** Runs until the link is released; when the daemon is gone, it is restarted unless it was stopped on purpose. */
  async #follow(daemon: OpenedDaemon, opening: Promise<OpenedDaemon>, signal: AbortSignal): Promise<void> {
    this.#followed.begin(daemon);
    try {
      await this.#forwardChanges(daemon, opening, signal);
    } catch (failure) {
      if (!signal.aborted) this.#log.warn(`The daemon is away: ${asProblem(failure).message}`);
    } finally {
      await daemon[Symbol.asyncDispose]();
      this.#followed.end(daemon);
    }
    if (signal.aborted || this.#opening !== opening) return;
    this.#opening = undefined;
    // A daemon that shuts down removes this file; one that crashes does not.
    if (existsSync(this.places.discovery)) await this.#restart(signal);
    else this.#stopped();
  }

  /** Forwards changes until the stream ends, or another daemon serves it. Throws if the stream cannot be resumed. */
  async #forwardChanges(
    daemon: OpenedDaemon,
    opening: Promise<OpenedDaemon>,
    signal: AbortSignal,
  ): Promise<void> {
    let resets = 0;
    for await (const { event } of daemon.changes({ after: nowhere, signal, giveUpAfterMs: 500 })) {
      if (this.#opening !== opening) return;
      if (event.type === "reset") resets += 1;
      // The first reset opens the stream. A second one means that another daemon has replaced this one: open that.
      if (resets > 1) {
        this.#opening = undefined;
        await this.open();
        return;
      }
      this.#changes.fire(event);
    }
  }

  async #restart(signal: AbortSignal): Promise<void> {
    const pause = this.#crashes.crashed();
    if (pause === undefined) {
      this.#become({ kind: "failed", problem: crashedTooOften(this.places) });
      return;
    }
    this.#log.warn(`The daemon crashed; it is started again in ${pause} ms`);
    this.#become({ kind: "starting" });
    await wait(pause, undefined, { signal }).catch(() => undefined);
    // A failure is part of the state, which is shown.
    if (!signal.aborted) await this.open().catch(() => undefined);
  }

  /** Waits until another client starts the daemon, or it is needed here. */
  #stopped(): void {
    this.#startedWith = [];
    this.#become({ kind: "stopped" });
    this.#watch?.[Symbol.dispose]();
    this.#watch = watchForDaemon(this.places, () => {
      // A failure is part of the state, which is shown.
      void this.open().catch(() => undefined);
    });
  }

  /** Releases the daemon without notifying it. */
  #release(): void {
    this.#watch?.[Symbol.dispose]();
    this.#end.abort();
    this.#end = new AbortController();
    this.#opening = undefined;
  }

  /** Waits until the process that was told to stop no longer answers. */
  async #gone(pid: number): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (performance.now() < deadline) {
      const other = await openDaemon({ stateDirectory: stateDirectory() }).catch(() => undefined);
      await other?.[Symbol.asyncDispose]();
      if (other === undefined || other.health.pid !== pid) return;
      await wait(50);
    }
    throw new Problem(
      "timed_out",
      `The daemon (process ${pid}) was told to stop, but is still there after 10 s.`,
    );
  }

  #become(state: LinkState): void {
    this.#state = state;
    this.#states.fire(state);
  }
}

/** The configured directory, if any. Throws `invalid_request` if it is not an absolute path. */
function stateDirectory(): string | undefined {
  const set = vscode.workspace.getConfiguration("hostrun").get<string>("stateDirectory") || undefined;
  if (set === undefined || isAbsolute(set)) return set;
  const detail = `The setting hostrun.stateDirectory is "${set}". Give it an absolute path, or leave it empty.`;
  throw new Problem("invalid_request", detail);
}
