import { Problem } from "../../protocol/problem.ts";
import type { Log } from "../core/log.ts";
import type { RemoteAnswer, RemoteEnd, RemoteListener, RemoteProcess } from "../transport/remote.ts";
import { inTime } from "../core/in-time.ts";
import { timeLimit } from "../core/loop-time.ts";
import { snapshotText } from "./start-text.ts";
import { TurnWriter } from "./turn-writer.ts";
import { type Hello, WorkerReader, type WorkerMessage } from "./worker-reader.ts";
import { WorkerInput } from "./worker-input.ts";
import { WorkerRun } from "./worker-run.ts";

export interface WorkerParts {
  /** A random word that nobody else knows. */
  readonly token: string;
  /** The name that the person uses; for the log. */
  readonly host: string;
  readonly log: Log;
  /** Called once, when it accepts no further runs. */
  onRetired(): void;
}

/** The first thing that a shell does after the snapshot; what follows is excluded from the comparison. */
const closing = "\nexec 3<&-; : ";
const maxRuns = 2000;
/** The number of concurrent commands: their output shares one session. */
const maxAtOnce = 48;
/** With this many runs, another worker is started. */
const crowdedAt = 4;
const maxNoticeBytes = 4096;
const maxAnswerBytes = 4096;
/** How long a worker may take to begin a command of Hostrun's own, which is then run in a session of its own. */
const helperBeginMs = 1000;
/** How long a host may take to close a run's pipes. */
const forgetMs = 2000;

/** See worker.pl. */
type Request = "R" | "X" | "W" | "B" | "E" | "S" | "H" | "G" | "D";

/**
 * A program on a host that runs commands, concurrently if need be, each as sshd would run it but without the start files
 * of the login shell that it replaces. Any doubt about its correctness ends it.
 */
export class Worker {
  /** Resolves to whether it can be used. */
  readonly ready: Promise<boolean>;
  readonly #parts: WorkerParts;
  readonly #reader: WorkerReader;
  readonly #ready = Promise.withResolvers<boolean>();
  #process: RemoteProcess | undefined;
  #input: TurnWriter | undefined;
  /** Its output on standard error. */
  #notices = "";
  #snapshot: string | undefined;
  /** Current runs, by number. */
  readonly #runs = new Map<number, WorkerRun>();
  #started = 0;
  #state: "starting" | "ready" | "retired" | "over" = "starting";

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#reader = new WorkerReader(parts.token);
    this.ready = this.#ready.promise;
  }

  /** Receives the output of its session. */
  readonly listener: RemoteListener = {
    stdout: (chunk) => this.#onStdout(chunk),
    stderr: (chunk) => this.#onStderr(chunk),
    end: (end) => this.#ended(end),
  };

  /** How many more commands it can run now. */
  get room(): number {
    if (this.#state !== "ready" || this.#process?.isOpen !== true) return 0;
    for (const run of this.#runs.values()) if (run.hasBulkInput) return 0;
    return maxAtOnce - this.#runs.size;
  }

  /** Whether another worker should be started. */
  get isCrowded(): boolean {
    return this.#runs.size >= crowdedAt;
  }

  /** How many commands it has been given. */
  get started(): number {
    return this.#started;
  }

  /** Its process id, or that of the shell that will become it, once reported. */
  get pid(): number | undefined {
    const pid = new RegExp(`${this.#parts.token}:(\\d{1,10}):`).exec(this.#notices)?.[1];
    return pid === undefined ? undefined : Number(pid);
  }

  /** The session has started; called before any of its output is delivered. */
  runsIn(process: RemoteProcess): void {
    this.#process = process;
    this.#input = new TurnWriter(process.stdin);
    if (this.#state === "retired") this.#endWhenIdle();
  }

  /** Sends a command to a worker that has room for it. From then on it may have run, unless the response is "refused". */
  start(text: string, listener: RemoteListener, inputEnds: boolean): WorkerRun {
    return this.#start(inputEnds ? "R" : "W", text, listener);
  }

  #start(what: "R" | "W" | "X", text: string, listener: RemoteListener): WorkerRun {
    this.#started += 1;
    this.#process?.rest(false);
    const input = what === "W" ? new WorkerInput((part, bytes) => this.#tell(run, part, bytes)) : undefined;
    const run = new WorkerRun(this.#started, { listener, input, onOver: () => this.#over(run) });
    this.#runs.set(run.number, run);
    this.#tell(run, what, text);
    return run;
  }

  /** The run as a RemoteProcess for its caller. */
  processOf(run: WorkerRun, channelMs: number): RemoteProcess | undefined {
    const process = this.#process;
    if (process === undefined) return undefined;
    const hold = (held: boolean): void => this.#tell(run, held ? "H" : "G");
    const signal = (name: string): void => this.#tell(run, "S", name);
    const execHelper = (command: string, deadlineMs: number) => this.execHelper(command, deadlineMs);
    return run.processOf({ process, execHelper, signal, forget: () => this.#forget(run), hold }, channelMs);
  }

  /**
   * Runs a short command of Hostrun's own beside its runs, whatever start files have become. undefined if it could not be
   * run or did not end in time; the worker may not be running at all.
   */
  async execHelper(command: string, deadlineMs: number): Promise<RemoteAnswer | undefined> {
    if (this.#state === "over" || this.#process === undefined) return undefined;
    using limit = timeLimit(deadlineMs);
    const { promise, resolve } = Promise.withResolvers<RemoteAnswer | undefined>();
    let output = "";
    const run = this.#start("X", command, {
      stdout: (chunk) => {
        if (output.length <= maxAnswerBytes) output += chunk.toString("latin1");
      },
      stderr: () => undefined,
      end: (end) => resolve(end.kind === "exited" ? { output, code: end.code } : undefined),
    });
    const begin = await inTime(limit.signal, run.begin, helperBeginMs);
    const answer = begin?.kind === "begun" ? await inTime(limit.signal, promise) : undefined;
    if (answer === undefined) this.#forget(run);
    return answer;
  }

  /** Gives up a run that the worker did not start in time. */
  giveUp(run: WorkerRun): void {
    this.#tell(run, "D");
    this.retire();
    // Other runs may have callers that wait longer.
    if (this.#runs.size === 1) this.close();
    run.finish({ kind: "lost", problem: lost(this.#parts.host, "did not confirm that the command started") });
  }

  /** Accepts no further runs; current ones continue to their end. */
  retire(): void {
    if (this.#state === "retired" || this.#state === "over") return;
    this.#state = "retired";
    this.#ready.resolve(false);
    this.#parts.onRetired();
    this.#endWhenIdle();
  }

  /** Closes the session. */
  close(): void {
    this.retire();
    this.#process?.close();
  }

  /** The worker exits by itself when its input ends. */
  #endWhenIdle(): void {
    if (this.#runs.size === 0) this.#input?.end();
  }

  #over(run: WorkerRun): void {
    this.#runs.delete(run.number);
    if (this.#state === "retired") this.#endWhenIdle();
    else if (this.#started >= maxRuns) this.retire();
    this.#restWhenIdle();
  }

  /** It does not keep its connection from being closed when no run has used it for long. */
  #restWhenIdle(): void {
    if (this.#state === "ready" && this.#runs.size === 0) this.#process?.rest(true);
  }

  #tell(run: WorkerRun, what: Request, content: string | Buffer = ""): void {
    if (this.#runs.get(run.number) !== run) return;
    const head = `${what} ${run.number} ${Buffer.byteLength(content)}\n`;
    const isText = typeof content === "string";
    this.#input?.write(isText ? Buffer.from(head + content) : Buffer.concat([Buffer.from(head), content]));
  }

  #forget(run: WorkerRun): void {
    // A worker that is stalled may begin it long after its answer is waited for.
    if (!run.hasBegun) this.#tell(run, "S", "KILL");
    this.#tell(run, "D");
    setTimeout(() => {
      run.finish({ kind: "lost", problem: lost(this.#parts.host, "did not close the command") });
    }, forgetMs).unref();
  }

  #onStdout(chunk: Buffer): void {
    try {
      for (const message of this.#reader.push(chunk)) this.#take(message);
    } catch (failure) {
      this.#failed(failure);
    }
  }

  #take(message: Hello | WorkerMessage): void {
    if (message.kind === "hello") {
      this.#check(message);
      return;
    }
    const run = this.#runs.get(message.run);
    if (run === undefined) return;
    run.take(message);
    if (message.kind !== "refused") return;
    this.#over(run);
    // Stale: something has changed since it started. Otherwise the host is short of pipes or processes.
    if (message.reason === "stale") this.retire();
  }

  /** A shell that was given the snapshot must have exactly what the login shell had. */
  #check({ snapshot, pid }: Hello): void {
    const text = snapshot.toString("latin1");
    this.#snapshot = text.slice(0, text.lastIndexOf(closing));
    if (pid !== this.pid || !text.includes(closing)) throw new Error("A worker's greeting is not valid.");
    let output = "";
    let quiet = true;
    this.#start("R", snapshotText, {
      stdout: (chunk) => {
        if (output.length <= text.length) output += chunk.toString("latin1");
      },
      stderr: () => {
        quiet = false;
      },
      end: () => {
        const same = output.replace(/\n+$/, "") === this.#snapshot && quiet;
        if (same && this.#isStderrClean() && this.#state === "starting") {
          this.#state = "ready";
          this.#ready.resolve(true);
          this.#restWhenIdle();
        } else this.retire();
      },
    });
  }

  /** Whether neither it nor the start files before it wrote anything else. */
  #isStderrClean(): boolean {
    return this.#notices === `${this.#parts.token}:${this.pid ?? ""}:\n${this.#parts.token}\n`;
  }

  #onStderr(chunk: Buffer): void {
    if (this.#notices.length < maxNoticeBytes) this.#notices += chunk.toString("latin1");
    if (this.#state !== "starting") this.#failed(new Error("A worker wrote to standard error."));
  }

  /** It is not, or no longer, a working worker. The fate of its commands is unknown. */
  #failed(failure: unknown): void {
    if (this.#state === "over") return;
    const { log, host } = this.#parts;
    log.info("A worker is given up", { host, why: reasonOf(failure) });
    this.close();
    this.#lose(lost(host, "sent a response that is not valid"));
  }

  #ended(end: RemoteEnd): void {
    this.retire();
    this.#state = "over";
    this.#lose(end.kind === "lost" ? end.problem : lost(this.#parts.host, "ended"));
  }

  /** Ends the current runs with `problem`. */
  #lose(problem: Problem): void {
    for (const run of this.#runs.values()) run.finish({ kind: "lost", problem });
  }
}

function lost(host: string, what: string): Problem {
  return new Problem(
    "connection_lost",
    `The program that runs commands on ${host} ${what}. How the command ended is not known; it may still run there.`,
    { host },
  );
}

/** For the log, without a stack: such an end is nothing unusual. */
export function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
