import type { Writable } from "node:stream";
import { Problem } from "../../protocol/problem.ts";
import type { RunRequest } from "../../protocol/run.ts";
import { commandLine } from "./command-line.ts";
import type { LiveRun } from "./live-run.ts";
import type { Remote, RemoteEnd, RemoteListener, RemoteProcess, Target } from "./remote.ts";
import { stopGradually } from "./stopping.ts";

export interface ExecutionOptions {
  readonly request: RunRequest;
  readonly target: Target;
  readonly loginShell: boolean;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
}

type StopReason = "cancelled" | "timedOut";

/** One run on its way through the host: from the connection to its ending. */
export class Execution {
  readonly live: LiveRun;
  readonly #options: ExecutionOptions;
  readonly #abort = new AbortController();
  #process: RemoteProcess | undefined;
  #stopped: StopReason | undefined;
  /** The command has started, or never will. */
  readonly #settled = Promise.withResolvers<void>();
  #lastStep: string;
  readonly #early: (() => void)[] = [];
  #callOff = (): void => undefined;

  constructor(live: LiveRun, options: ExecutionOptions) {
    this.live = live;
    this.#options = options;
    this.#lastStep = `Connecting to ${options.target.name}`;
  }

  /** Runs to the end. Never rejects: what fails is told in the run. */
  async run(remote: Remote): Promise<void> {
    const { target } = this.#options;
    this.live.timing({ queueMs: this.live.ageMs });
    this.live.status(
      "connecting",
      `Connecting to ${target.name} (${target.user}@${target.address}:${target.port})`,
    );
    const over = Promise.withResolvers<RemoteEnd>();
    try {
      this.#abort.signal.throwIfAborted();
      const listener = this.#listener(over.resolve);
      this.#started(await remote.exec(target, this.#execRequest(), listener, this.#abort.signal));
      this.#ended(await over.promise);
    } catch (failure) {
      this.#neverStarted(failure);
    } finally {
      this.#callOff();
      this.#settled.resolve();
    }
  }

  /** Where the command's standard input is written, once it runs; undefined when it is not open. */
  async stdin(): Promise<Writable | undefined> {
    if (!this.#options.request.stdinOpen) return undefined;
    await this.#settled.promise;
    const stdin = this.#process?.stdin;
    return stdin?.writable === true ? stdin : undefined;
  }

  /** Ends the command; before it has begun, at once. */
  stop(reason: StopReason, graceMs: number): void {
    if (this.live.ended || this.#stopped !== undefined) return;
    this.#stopped = reason;
    this.#abort.abort();
    if (this.#process === undefined) {
      this.live.end(this.#stopEnding(reason));
      return;
    }
    this.live.status("running", reason === "cancelled" ? "Cancelling" : "Out of time; ending the command");
    this.#callOff();
    this.#callOff = stopGradually(this.#process, graceMs);
  }

  /** Gives the run up with the daemon: nobody will know how the command ended. */
  abandon(problem: Problem): void {
    this.live.end({ outcome: this.#process === undefined ? "failed" : "unknown", problem });
    this.#abort.abort();
    this.#process?.close();
  }

  #execRequest() {
    const { request, loginShell, connectTimeoutMs } = this.#options;
    return {
      command: commandLine(request.command, { ...request, loginShell }),
      pty: request.pty,
      connectTimeoutMs,
      agentSocket: request.agentSocket,
    };
  }

  #listener(end: (end: RemoteEnd) => void): RemoteListener & { step(message: string): void } {
    const live = this.live;
    return {
      step: (message) => this.#step(message),
      stdout: (chunk) => this.#afterStart(() => live.output("stdout", chunk)),
      stderr: (chunk) => this.#afterStart(() => live.output("stderr", chunk)),
      end,
    };
  }

  /** What happens on the way, told once each. */
  #step(message: string): void {
    if (message === this.#lastStep || this.live.run.state !== "connecting") return;
    this.#lastStep = message;
    this.live.status("connecting", message);
  }

  /** A quick command's output can be here before the promise of its process: it is told after "Connected". */
  #afterStart(tell: () => void): void {
    if (this.#process !== undefined) tell();
    else this.#early.push(tell);
  }

  #started(process: RemoteProcess): void {
    const { request, target, timeoutMs } = this.#options;
    this.#process = process;
    this.live.timing({ connectMs: process.connectMs, channelMs: process.channelMs });
    if (this.live.ended) {
      process.close();
      return;
    }
    const how = process.reused ? "over a warm connection" : `in ${Math.round(process.connectMs)} ms`;
    this.live.status("running", `Connected to ${target.name} ${how}`, { reusedConnection: process.reused });
    for (const tell of this.#early.splice(0)) tell();
    if (request.stdin !== null) process.stdin.write(request.stdin);
    if (!request.stdinOpen) process.stdin.end();
    this.#settled.resolve();
    if (timeoutMs > 0) {
      const timer = setTimeout(() => this.stop("timedOut", 5000), Math.min(timeoutMs, 2_147_483_647));
      this.#callOff = () => clearTimeout(timer);
    }
  }

  #ended(end: RemoteEnd): void {
    const stopped = this.#stopped === undefined ? undefined : this.#stopEnding(this.#stopped);
    if (end.kind === "exited") this.live.end({ outcome: "exited", exitCode: end.code, ...stopped });
    else if (end.kind === "signaled") this.live.end({ outcome: "signaled", signal: end.signal, ...stopped });
    else {
      if (stopped !== undefined)
        this.live.status(
          "running",
          `${this.#options.target.name} did not confirm that the command ended; it may still run there`,
        );
      this.live.end(stopped ?? { outcome: "unknown", problem: end.problem });
    }
  }

  #neverStarted(failure: unknown): void {
    if (this.#stopped !== undefined) this.live.end(this.#stopEnding(this.#stopped));
    else this.live.end({ outcome: "failed", problem: asProblem(failure) });
  }

  #stopEnding(reason: StopReason): { outcome: StopReason; problem?: Problem } {
    if (reason === "cancelled") return { outcome: reason };
    const { target, timeoutMs } = this.#options;
    const detail = `The command on ${target.name} was still running after ${timeoutMs / 1000} s and was ended. Give it more time with timeoutMs.`;
    return { outcome: reason, problem: new Problem("timed_out", detail, { host: target.name }) };
  }
}

function asProblem(failure: unknown): Problem {
  if (failure instanceof Problem) return failure;
  return new Problem("internal", "Hostrun failed to start the command; its log says more.", {
    cause: failure,
  });
}
