import { Problem } from "../../protocol/problem.ts";
import type { Log } from "../core/log.ts";
import type { RemoteEnd, RemoteListener, RemoteProcess } from "../transport/remote.ts";
import { snapshotText } from "./start-text.ts";
import { TurnWriter } from "./turn-writer.ts";
import { type Hello, WorkerReader, type WorkerMessage } from "./worker-reader.ts";
import { WorkerRun } from "./worker-run.ts";

export interface WorkerParts {
  /** A word that nobody else knows. */
  readonly token: string;
  /** As the person calls it; for the log. */
  readonly host: string;
  readonly log: Log;
  /** Called once, when it takes no further run. */
  onRetired(): void;
}

/** What a shell that is given the snapshot does first; from here on it is no part of what is compared. */
const closing = "\nexec 3<&-; : ";
const maxRuns = 2000;
/** Commands at once: their output shares one session. */
const maxAtOnce = 48;
/** With so many the next worker is wanted. */
const crowdedAt = 4;
const maxNoticeBytes = 4096;
/** How long a host may take to let go of a run. */
const forgetMs = 2000;

/**
 * A program on a host that runs commands, also side by side, each as sshd would have it, without the start files of the
 * login shell in whose place it stands. Any doubt whether all is as it should be ends it.
 */
export class Worker {
  /** Resolves to whether it can be used. */
  readonly ready: Promise<boolean>;
  readonly #parts: WorkerParts;
  readonly #reader: WorkerReader;
  readonly #ready = Promise.withResolvers<boolean>();
  #process: RemoteProcess | undefined;
  #input: TurnWriter | undefined;
  /** What it has said on standard error. */
  #notices = "";
  #snapshot: string | undefined;
  /** Those under way, by their numbers. */
  readonly #runs = new Map<number, WorkerRun>();
  #started = 0;
  #state: "starting" | "ready" | "retired" | "over" = "starting";

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#reader = new WorkerReader(parts.token);
    this.ready = this.#ready.promise;
  }

  /** Hears the session that it is in. */
  readonly listener: RemoteListener = {
    stdout: (chunk) => this.#heard(chunk),
    stderr: (chunk) => this.#noticed(chunk),
    end: (end) => this.#ended(end),
  };

  /** How many commands more it takes now. */
  get room(): number {
    return this.#state === "ready" ? maxAtOnce - this.#runs.size : 0;
  }

  /** Whether another one should be begun. */
  get isCrowded(): boolean {
    return this.#runs.size >= crowdedAt;
  }

  /** How many commands it has been given. */
  get started(): number {
    return this.#started;
  }

  /** The process that it is, or is about to become, once that has said so. */
  get pid(): number | undefined {
    const pid = new RegExp(`${this.#parts.token}:(\\d{1,10}):`).exec(this.#notices)?.[1];
    return pid === undefined ? undefined : Number(pid);
  }

  /** The session has begun; before any of it is heard. */
  runsIn(process: RemoteProcess): void {
    this.#process = process;
    this.#input = new TurnWriter(process.stdin);
    if (this.#state === "retired") this.#endWhenIdle();
  }

  /** Sends a command to a worker that has room for it. From then on it may have run, unless the answer is "refused". */
  start(text: string, listener: RemoteListener): WorkerRun {
    this.#started += 1;
    const run = new WorkerRun(this.#started, {
      stdout: (chunk) => listener.stdout(chunk),
      stderr: (chunk) => listener.stderr(chunk),
      end: (end) => {
        this.#over(run);
        listener.end(end);
      },
    });
    this.#runs.set(run.number, run);
    const bytes = Buffer.from(text);
    this.#input?.write(Buffer.concat([Buffer.from(`R ${run.number} ${bytes.length}\n`), bytes]));
    return run;
  }

  /** The run as its caller has it. */
  processOf(run: WorkerRun, channelMs: number): RemoteProcess | undefined {
    const process = this.#process;
    if (process === undefined) return undefined;
    const hold = (held: boolean): void => this.#tell(run, held ? "H" : "G");
    return run.processOf({ process, forget: () => this.#forget(run), hold }, channelMs);
  }

  /** Of a run that it does not begin with: nothing more is expected of it. */
  giveUp(run: WorkerRun): void {
    this.#tell(run, "D");
    this.retire();
    // Others may be waited for by somebody with more patience.
    if (this.#runs.size === 1) this.close();
    run.finish({ kind: "lost", problem: lost(this.#parts.host, "did not say that it began with it") });
  }

  /** Takes no further run; what it runs goes on to its end. */
  retire(): void {
    if (this.#state === "retired" || this.#state === "over") return;
    this.#state = "retired";
    this.#ready.resolve(false);
    this.#parts.onRetired();
    this.#endWhenIdle();
  }

  /** Gives the session up. */
  close(): void {
    this.retire();
    this.#process?.close();
  }

  /** The worker ends by itself when its input does. */
  #endWhenIdle(): void {
    if (this.#runs.size === 0) this.#input?.end();
  }

  #over(run: WorkerRun): void {
    this.#runs.delete(run.number);
    if (this.#state === "retired") this.#endWhenIdle();
    else if (this.#started >= maxRuns) this.retire();
  }

  #tell(run: WorkerRun, what: "H" | "G" | "D"): void {
    if (this.#runs.get(run.number) === run) this.#input?.write(Buffer.from(`${what} ${run.number} 0\n`));
  }

  #forget(run: WorkerRun): void {
    this.#tell(run, "D");
    setTimeout(() => {
      run.finish({ kind: "lost", problem: lost(this.#parts.host, "did not let go of it") });
    }, forgetMs).unref();
  }

  #heard(chunk: Buffer): void {
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
    // Something is not as it was when it began, or the host has no more of what a command needs.
    if (message.reason === "stale") this.retire();
  }

  /** A shell that was given the snapshot has to have exactly what the login shell had. */
  #check({ snapshot, pid }: Hello): void {
    const text = snapshot.toString("latin1");
    this.#snapshot = text.slice(0, text.lastIndexOf(closing));
    if (pid !== this.pid || !text.includes(closing))
      throw new Error("A worker began in a way that it does not.");
    let output = "";
    let quiet = true;
    this.start(snapshotText, {
      stdout: (chunk) => {
        if (output.length <= text.length) output += chunk.toString("latin1");
      },
      stderr: () => {
        quiet = false;
      },
      end: () => {
        const same = output.replace(/\n+$/, "") === this.#snapshot && quiet;
        if (same && this.#saidItsWords() && this.#state === "starting") {
          this.#state = "ready";
          this.#ready.resolve(true);
        } else this.retire();
      },
    });
  }

  /** Whether it, and the start files before it, have said nothing else. */
  #saidItsWords(): boolean {
    return this.#notices === `${this.#parts.token}:${this.pid ?? ""}:\n${this.#parts.token}\n`;
  }

  #noticed(chunk: Buffer): void {
    if (this.#notices.length < maxNoticeBytes) this.#notices += chunk.toString("latin1");
    if (this.#state !== "starting") this.#failed(new Error("A worker said something on standard error."));
  }

  /** It is no worker, or none any more. What became of its commands is not known. */
  #failed(failure: unknown): void {
    if (this.#state === "over") return;
    const { log, host } = this.#parts;
    log.info("A worker is given up", { host, why: reasonOf(failure) });
    this.close();
    this.#lose(lost(host, "answered in a way that was not understood"));
  }

  #ended(end: RemoteEnd): void {
    this.retire();
    this.#state = "over";
    this.#lose(end.kind === "lost" ? end.problem : lost(this.#parts.host, "ended"));
  }

  /** Of what is under way nothing more is known. */
  #lose(problem: Problem): void {
    for (const run of this.#runs.values()) run.finish({ kind: "lost", problem });
  }
}

function lost(host: string, what: string): Problem {
  return new Problem(
    "connection_lost",
    `The program on ${host} that began the command ${what}. How the command ended is not known; it may still run there.`,
    { host },
  );
}

/** For the log, where such an end is nothing unusual: without a stack. */
export function reasonOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
