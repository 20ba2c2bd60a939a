import type { Writable } from "node:stream";
import type { OutputStream } from "../../protocol/event.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import { inTime, within } from "../core/in-time.ts";
import type { Ending } from "./record/ending.ts";
import type { LiveRun } from "./record/live-run.ts";
import type {
  ConnectListener,
  Remote,
  RemoteEnd,
  RemoteListener,
  RemoteProcess,
} from "../transport/remote.ts";
import {
  asProblem,
  connectedMessage,
  connectingMessage,
  type RunExecution,
  showBanner,
} from "./run-execution.ts";
import {
  StopController,
  stopEnding,
  stoppingMessage,
  type StopRequest,
  unconfirmedMessage,
} from "./terminate/stop-controller.ts";
import type { ExecutionOptions } from "./execution-options.ts";
import { SentCommand } from "./sent-command.ts";
import { notRead, notTaken } from "./start-problems.ts";
import { SudoLogin } from "./sudo/sudo-login.ts";
import { hastenRemote, stopRemote } from "./terminate/stopping.ts";

/** How long a login shell may take to reach a command that is already to be ended. */
const markerTimeoutMs = 2000;
/** How long a session may take to end after its processes have ended, or after nothing more can be done. */
const endTimeoutMs = { confirmed: 2000, unconfirmed: 500 };

/** Carries one run through, from the connection to its ending. */
export class Execution implements RunExecution {
  readonly outlivesDaemon = false;
  readonly live: LiveRun;
  readonly stops = new StopController({
    stop: (request) => this.#stop(request),
    abandon: (problem) => this.#abandon(problem),
  });
  readonly #options: ExecutionOptions;
  readonly #abort = new AbortController();
  readonly #sudo: SudoLogin | undefined;
  readonly #sent: SentCommand;
  readonly #over = Promise.withResolvers<RemoteEnd>();
  #process: RemoteProcess | undefined;
  /** The process of a run with sudo, before sudo is known to have begun the command. */
  #sudoProcess: RemoteProcess | undefined;
  /** Resolves to whether the host confirmed that the processes ended. */
  #stopping: Promise<boolean> | undefined;
  /** A stop that was requested before the host answered the exec request. */
  #deferred: StopRequest | undefined;
  /** Resolves when the command has started, or never will. */
  readonly #settled = Promise.withResolvers<void>();
  #lastStep: string;
  #resized: TerminalSize | undefined;
  readonly #earlyOutput: (() => void)[] = [];

  constructor(live: LiveRun, options: ExecutionOptions) {
    this.live = live;
    this.#options = options;
    this.#sudo = options.request.sudo ? this.#sudoLogin(options) : undefined;
    this.#sent = new SentCommand(options, this.#sudo);
    this.#lastStep = `Connecting to ${options.target.name}`;
  }

  /** Carries out the run. Never rejects: failures are reported in the run. */
  async run(remote: Remote): Promise<void> {
    const { target } = this.#options;
    this.live.timing({ queueMs: this.live.ageMs });
    try {
      this.#abort.signal.throwIfAborted();
      const listener = this.#listener();
      // Starts before the status is written, so that credentials are looked up meanwhile.
      const starting = remote.exec(target, this.#sent.execRequest(), listener, this.#abort.signal);
      starting.catch(() => undefined);
      this.live.passes("connecting", connectingMessage(target));
      const process = await starting;
      if (!(await this.#authorized(process))) return;
      if (!(await this.#prepared(process))) {
        process.forgetShell();
        return;
      }
      this.#started(process);
      const end = await this.#over.promise;
      this.#ended(end, await this.#stopping);
      if (this.#sent.misjudgedShell(end, this.stops.reason)) this.#process?.forgetShell();
    } catch (failure) {
      this.#abort.abort();
      this.#neverStarted(failure);
    } finally {
      this.stops.close();
      this.#sudo?.[Symbol.dispose]();
      this.#settled.resolve();
    }
  }

  /** The command's standard input, once it runs; undefined when it is not open. */
  async stdin(): Promise<Writable | undefined> {
    if (!this.#options.request.stdinOpen) return undefined;
    await this.#settled.promise;
    const stdin = this.#process?.stdin;
    return stdin?.writable === true ? stdin : undefined;
  }

  resize(size: TerminalSize): boolean {
    if (!this.#options.request.pty || this.live.ended) return false;
    this.#resized = size;
    this.#process?.resize(size);
    return true;
  }

  #stop(request: StopRequest): void {
    const process = this.#mayRun();
    this.#abort.abort();
    if (process === undefined) {
      // The host may already have begun it, with the answer on its way: wait for that answer.
      if (this.#inFlight) this.#deferred = request;
      else this.#end(stopEnding(request.reason, this.#options));
      return;
    }
    const state = this.#process === undefined ? "connecting" : "running";
    this.live.status(state, stoppingMessage(request.reason), {}, { stopping: true });
    if (this.#stopping === undefined) this.#stopping = this.#stopRemote(process, request.graceMs);
    else void hastenRemote(process, this.#pidOf(process), request.graceMs, this.#sudo);
  }

  /** True after the command was sent and before the host has answered. */
  get #inFlight(): boolean {
    return this.#sent.mayBeSent && (this.#process ?? this.#sudoProcess) === undefined;
  }

  /** Undefined if it is certain that the command has not begun, or if the host has not answered. */
  #mayRun(): RemoteProcess | undefined {
    return this.#process ?? (this.#sudo?.mayHaveBegun === true ? this.#sudoProcess : undefined);
  }

  /** Gives the run up; nobody will learn how the command ended. */
  #abandon(problem: Problem): void {
    const isSent = this.#inFlight || this.#sent.isWithWorker;
    this.#end({ outcome: this.#mayRun() === undefined && !isSent ? "failed" : "unknown", problem });
    this.#stopping ??= Promise.resolve(false); // No attempt is made to end its processes.
    this.#abort.abort(problem);
    (this.#process ?? this.#sudoProcess)?.close();
  }

  #sudoLogin({ target, sudo, questioner, connectTimeoutMs }: ExecutionOptions): SudoLogin {
    const onPrompt = (): void => this.live.status("connecting", `sudo on ${target.name} asks for a password`);
    return new SudoLogin({ target, access: sudo, questioner, timeoutMs: connectTimeoutMs, onPrompt });
  }

  /** Returns false if sudo does not begin the command, or if the run ends before that is known. */
  async #authorized(process: RemoteProcess): Promise<boolean> {
    const sudo = this.#sudo;
    if (sudo === undefined) return true;
    this.#sudoProcess = process;
    const { signal } = this.#abort;
    const problem = await sudo.authorize({ stdin: process.stdin, ended: this.#over.promise, signal });
    if (this.#stopping === undefined) {
      if (problem === undefined) return true;
      this.#showEarly();
      if (!sudo.mayHaveBegun) this.#neverStarted(problem);
    }
    // Without an answer sudo gives up.
    process.stdin.end();
    const isGone = await (this.#stopping ??= this.#stopRemote(process, 1000));
    this.#showEarly();
    const { target } = this.#options;
    if (sudo.hasBegun) this.live.status("running", connectedMessage(target, process));
    if (!isGone) this.live.status("running", unconfirmedMessage(target));
    const { reason } = this.stops;
    if (reason !== undefined) this.#end({ ...stopEnding(reason, this.#options), stopConfirmed: isGone });
    else if (isGone && !sudo.hasBegun) this.#neverStarted(problem);
    else this.#end({ outcome: "unknown", problem: sudo.uncertain });
    return false;
  }

  /** Returns false if the host does not read the input that precedes the command, which then never runs. */
  async #prepared(process: RemoteProcess): Promise<boolean> {
    const { target, connectTimeoutMs } = this.#options;
    const taken = this.#sent.input.giveTo(process.stdin).then(() => true);
    if (this.#sent.input.isGiven) return true;
    const late = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(connectTimeoutMs)]);
    // A session that ends earlier has explained why on standard error.
    const ended = this.#over.promise.then(() => true);
    if ((await inTime(late, Promise.race([taken, ended]))) === true) return true;
    this.#neverStarted(notTaken(target, connectTimeoutMs));
    await (this.#stopping ??= this.#stopRemote(process, 1000));
    return false;
  }

  /**
   * Ends the remote processes, and gives up on a command that does not end. If its group is gone but its output is
   * still open, a process that left the group is still running, so the end is not confirmed.
   */
  async #stopRemote(process: RemoteProcess, graceMs: number): Promise<boolean> {
    const ended = this.#over.promise;
    // A command may be cancelled before its PID marker has arrived.
    if (this.#sent.shell !== "none") await within(markerTimeoutMs, this.#sent.pidMarker.settled);
    const confirmed = await stopRemote(process, this.#pidOf(process), { graceMs, ended, sudo: this.#sudo });
    // The session ends only after the host has sent its remaining output.
    this.live.pace.end();
    const endedInTime = await within(endTimeoutMs[confirmed ? "confirmed" : "unconfirmed"], ended);
    if (!endedInTime) process.close();
    return confirmed && endedInTime;
  }

  #pidOf(process: RemoteProcess): number | undefined {
    return process.worker?.pid ?? this.#sent.pidMarker.pid;
  }

  #listener(): RemoteListener & ConnectListener {
    const { markerStream, pidMarker } = this.#sent;
    const pass = (stream: OutputStream, chunk: Buffer): void => {
      const bytes = this.#sent.take(stream, chunk);
      if (stream === markerStream) this.#sudo?.received(bytes);
      if (bytes.length > 0) this.#afterStart(() => this.live.output(stream, bytes));
    };
    return {
      step: (message) => this.#step(message),
      banner: (banner, hop, from) => showBanner(this.live, banner, hop, from),
      stdout: (chunk) => pass("stdout", chunk),
      stderr: (chunk) => pass("stderr", chunk),
      end: (end) => {
        const rest = pidMarker.rest();
        if (rest.length > 0) this.#afterStart(() => this.live.output(markerStream, rest));
        this.#over.resolve(end);
      },
    };
  }

  /** Reports a connection step; repeated ones are reported once. */
  #step(message: string): void {
    if (message === this.#lastStep || this.live.run.state !== "connecting") return;
    this.#lastStep = message;
    this.live.status("connecting", message);
  }

  #showEarly(): void {
    for (const show of this.#earlyOutput.splice(0)) show();
  }

  /** Holds output back that arrives before the promise of its process resolves, until after "Connected". */
  #afterStart(show: () => void): void {
    if (this.#process !== undefined) show();
    else this.#earlyOutput.push(show);
  }

  #started(process: RemoteProcess): void {
    const { request, target, timeoutMs } = this.#options;
    this.#process = process;
    if (this.#resized !== undefined) process.resize(this.#resized);
    this.live.sentTo(process);
    if (this.live.ended) {
      process.close();
      return;
    }
    this.live.passes("running", connectedMessage(target, process), { reusedConnection: process.reused });
    this.live.pace.drive(process);
    this.#showEarly();
    if (request.stdin !== null) process.stdin.write(request.stdin);
    if (!request.stdinOpen) process.stdin.end();
    this.#settled.resolve();
    if (timeoutMs > 0) this.stops.limitTime(timeoutMs);
    if (this.#deferred !== undefined) this.#stop(this.#deferred);
  }

  #ended(end: RemoteEnd, stopConfirmed: boolean | undefined): void {
    const { reason } = this.stops;
    const stopped =
      reason === undefined
        ? undefined
        : { ...stopEnding(reason, this.#options), stopConfirmed: stopConfirmed ?? false };
    if (stopped?.stopConfirmed === false)
      this.live.status("running", unconfirmedMessage(this.#options.target));
    if (stopped === undefined && this.#sent.isUnread(end)) {
      this.#end({ outcome: "failed", problem: notRead(this.#options.target) });
    } else if (end.kind === "exited") this.#end({ outcome: "exited", exitCode: end.code, ...stopped });
    else if (end.kind === "signaled") this.#end({ outcome: "signaled", signal: end.signal, ...stopped });
    else this.#end(stopped ?? { outcome: "unknown", problem: end.problem });
  }

  #neverStarted(failure: unknown): void {
    const { reason } = this.stops;
    if (reason !== undefined) this.#end(stopEnding(reason, this.#options));
    else this.#end({ outcome: "failed", problem: asProblem(failure) });
  }

  #end(ending: Ending): void {
    this.stops.close();
    this.live.end(ending);
  }
}
