import { backOffMs } from "../core/back-off.ts";
import type { Clock } from "../core/clock.ts";
import { Slots } from "../core/slots.ts";
import { inTime } from "../core/in-time.ts";
import type { Log } from "../core/log.ts";
import type {
  ConnectListener,
  ExecRequest,
  HostProbe,
  LoginQuery,
  ProbeOptions,
  Remote,
  RemoteListener,
  RemoteProcess,
  Target,
} from "../transport/remote.ts";
import { isSameLogin, type SecretPlace } from "../transport/secret-memory.ts";
import { reasonOf, type Worker } from "./worker.ts";
import { type SessionRequest, timedSession } from "./timed-session.ts";
import type { WorkerLogin, WorkerRequest } from "./worker-login.ts";
import { WorkerLogins } from "./worker-logins.ts";
import type { WorkerRun } from "./worker-run.ts";
import { startWorker } from "./worker-start.ts";

export interface WorkersOptions {
  /** Runs commands in sessions of their own, including the workers. */
  readonly remote: Remote;
  readonly clock: Clock;
  readonly log: Log;
  /** The maximum number of workers; where a server allows one session, each takes a connection. */
  readonly limit: () => number;
  /** Ends a process that does not exit by itself, with its whole session. */
  readonly endProcess: (session: RemoteProcess, pid: number) => Promise<void>;
}

/** A login shell that starts faster than this needs no worker. */
const slowMs = 20;
const slowInARow = 2;
/** How old the start files' results may be for a command, and when the next worker is started. */
const maxAgeMs = 60_000;
const renewMs = 45_000;
const workersPerLogin = 3;
/** After a job on many hosts each would start one, competing with its commands and the next job's. */
const startsAtOnce = 8;
/** The start files may have another effect next time, or may have been fixed. */
const refusedPauses = { firstMs: 5000, maxMs: 600_000 };
/** Longer ones would not fit into one argument of the shell that runs them. */
const maxTextBytes = 100_000;

/**
 * Runs commands with workers where a login shell's start files take longer than everything else, and in sessions of their
 * own everywhere else, including all cases of doubt. A command that was sent to a worker is never sent again, unless the
 * worker reports that it did not start.
 */
export class Workers implements Remote, AsyncDisposable {
  readonly #options: WorkersOptions;
  readonly #logins = new WorkerLogins();
  readonly #stopped = new AbortController();
  readonly #starts = new Slots(startsAtOnce);
  #count = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  async exec(
    target: Target,
    request: ExecRequest,
    listener: RemoteListener & ConnectListener,
    signal: AbortSignal,
  ): Promise<RemoteProcess> {
    const { text, askedAt, inputEnds, onTextSent = () => undefined } = request;
    if (text === undefined || request.pty !== null || Buffer.byteLength(text) > maxTextBytes) {
      return this.#options.remote.exec(target, request, listener, signal);
    }
    const key = WorkerLogins.keyOf({ target, request });
    const login = this.#logins.get(key);
    if (login !== undefined && login.workers.size > 0) {
      const toWorker = { text, inputEnds: inputEnds?.() === true, onTextSent, askedAt, listener, signal };
      const process = await this.#byWorker(login, toWorker);
      if (process !== undefined) return process;
      this.#startSoon(login);
    }
    return this.#bySession(key, { target, request, listener, signal });
  }

  identity(target: Target, who: LoginQuery): Promise<string> {
    return this.#options.remote.identity(target, who);
  }

  prepare(target: Target, agentSocket: string | null): void {
    this.#options.remote.prepare(target, agentSocket);
  }

  probe(target: Target, options: ProbeOptions, signal: AbortSignal): Promise<HostProbe> {
    return this.#options.remote.probe(target, options, signal);
  }

  /** Commands that a worker of this login is running continue; it is given no further ones. */
  retire(place: SecretPlace): void {
    for (const { target, workers } of this.#logins) {
      if (isSameLogin(target, place)) for (const worker of workers) worker.retire();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    for (const { workers } of this.#logins) for (const worker of workers) worker.close();
  }

  /** undefined: no worker has run it or will. */
  async #byWorker(
    login: WorkerLogin,
    { text, inputEnds, onTextSent, askedAt, listener, signal }: WorkerRequest,
  ): Promise<RemoteProcess | undefined> {
    const { remote, clock } = this.#options;
    const begun = clock.elapsed();
    // Another key in the agent, or another key file, means another login.
    const identity = await remote.identity(login.target, { ...login.options, askedAt });
    if (identity !== login.identity) {
      for (const worker of login.workers) worker.retire();
      return undefined;
    }
    const [worker] = [...login.workers].sort((one, other) => other.room - one.room);
    if (worker === undefined || worker.room === 0 || signal.aborted) return undefined;
    onTextSent(true);
    const run = worker.start(text, listener, inputEnds);
    if (worker.isCrowded) this.#startSoon(login);
    const { connectTimeoutMs } = login.options;
    const begin = (await inTime(signal, run.begin, connectTimeoutMs)) ?? ({ kind: "unknown" } as const);
    if (begin.kind === "refused") {
      onTextSent(false);
      return undefined;
    }
    const process = worker.processOf(run, clock.elapsed() - begun);
    if (process !== undefined && signal.aborted) void this.#endLate(run, process);
    else if (begin.kind === "unknown") worker.giveUp(run);
    return process;
  }

  /** A cancelled command must not keep running if its worker starts it after all. */
  async #endLate({ begin }: WorkerRun, process: RemoteProcess): Promise<void> {
    const late = await begin;
    if (late.kind === "begun") await this.#options.endProcess(process, late.pid);
  }

  #bySession(key: string, session: SessionRequest): Promise<RemoteProcess> {
    return timedSession(session, this.#options, (process, spanMs) => {
      if (spanMs < slowMs) this.#logins.quick(key);
      else this.#startSoon(this.#logins.slow(key, session, process), process);
    });
  }

  #startSoon(login: WorkerLogin, process?: RemoteProcess): void {
    if (login.state === "refused" && this.#options.clock.elapsed() >= login.openAt) login.state = "open";
    const wanted = login.slow >= slowInARow && login.workers.size < workersPerLogin;
    if (login.state !== "open" || !wanted || this.#count >= this.#options.limit()) return;
    login.state = "starting";
    void this.#tried(login, process);
  }

  async #tried(login: WorkerLogin, process: RemoteProcess | undefined): Promise<void> {
    const { log, clock } = this.#options;
    const host = login.target.name;
    try {
      login.state = (await this.#start(login, process)) ? "open" : "refused";
      login.refusals = login.state === "refused" ? login.refusals + 1 : 0;
      if (login.state === "open") return;
      const retryMs = backOffMs(login.refusals, refusedPauses);
      login.openAt = clock.elapsed() + retryMs;
      log.info("A host gets no worker for now", { host, retryMs });
    } catch (failure) {
      login.state = "open";
      login.slow = 0;
      log.info("A worker could not be started", { host, why: reasonOf(failure) });
    }
  }

  /** Whether the login can have workers. Rejects if that is still unknown. */
  async #start(login: WorkerLogin, process: RemoteProcess | undefined): Promise<boolean> {
    const { remote, log, endProcess } = this.#options;
    const retired = new AbortController();
    const parts = { remote, log, endProcess, stopped: this.#stopped.signal };
    this.#count += 1;
    retired.signal.addEventListener("abort", () => {
      this.#count -= 1;
    });
    const worker = await this.#starts.run(() =>
      startWorker(login, process, { ...parts, onRetired: () => retired.abort() }),
    );
    if (worker !== undefined) this.#use(login, worker, retired.signal);
    return worker !== undefined;
  }

  #use(login: WorkerLogin, worker: Worker, retired: AbortSignal): void {
    login.workers.add(worker);
    const renewal = setTimeout(() => {
      // The first one is its own check.
      if (worker.started > 1) this.#startSoon(login);
    }, renewMs).unref();
    const retirement = setTimeout(() => worker.retire(), maxAgeMs).unref();
    const left = (): void => {
      login.workers.delete(worker);
      clearTimeout(renewal);
      clearTimeout(retirement);
    };
    if (retired.aborted) left();
    else retired.addEventListener("abort", left);
  }
}
