import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Problem } from "../../../protocol/problem.ts";
import type { Log } from "../../core/log.ts";
import type { LiveRun } from "../live-run.ts";
import type { LoginShell } from "../login-shell.ts";
import type { Remote, RemoteProcess } from "../remote.ts";
import { asProblem, type RunExecution, type StopReason, stopEnding } from "../run-execution.ts";
import { GroupStop } from "./group-stop.ts";
import { followCommand, type HostCommand, type StartInput, startCommand } from "./host-script.ts";
import { type HostSession, openHostSession } from "./host-session.ts";
import type { HostWord } from "./host-word.ts";
import type { DurablePlan, DurablePlans } from "./plan.ts";
import { hostGone, neverBegan, noHostSystem, refusals } from "./refusals.ts";
import { removeFiles } from "./removal.ts";

export interface DurableParts {
  readonly plans: DurablePlans;
  readonly log: Log;
}

/** What one session on the host came to. */
type Passage = "over" | "again" | "lost";

const longestWaitMs = 10_000;
/** How long a host that cannot be reached is looked for. */
const searchMs = 24 * 3_600_000;
/** How long an end that was asked for may take beyond its grace time. */
const stopWithinMs = 30_000;
const longestTimerMs = 2_147_483_647;

/**
 * A run that goes on without us: its command is started detached and followed by its files, over as many sessions
 * as it takes. It starts only where making its directory on the host succeeds, so it can be asked for twice.
 */
export class DurableExecution implements RunExecution {
  readonly survives = true;
  readonly live: LiveRun;
  readonly #plan: DurablePlan;
  readonly #parts: DurableParts;
  readonly #abort = new AbortController();
  readonly #wake = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What starts the command; undefined once it must only be found. */
  #start: StartInput | undefined;
  /** sent: the host may have it. begun: the host said so. */
  #phase: "new" | "sent" | "begun";
  #reached = performance.now();
  #process: RemoteProcess | undefined;
  #word: HostWord | undefined;
  #stop: GroupStop | undefined;
  #reconnecting = false;
  #limited = false;

  /** With `start` a new run; without, one that an earlier daemon began. */
  constructor(live: LiveRun, plan: DurablePlan, start: StartInput | undefined, parts: DurableParts) {
    this.live = live;
    this.#plan = plan;
    this.#start = start;
    this.#parts = parts;
    if (start !== undefined) this.#phase = "new";
    else this.#phase = live.run.startedAt === null ? "sent" : "begun";
  }

  async run(remote: Remote): Promise<void> {
    const { plans } = this.#parts;
    const { target } = this.#plan;
    try {
      if (this.#phase === "new") {
        this.live.timing({ queueMs: this.live.ageMs });
        const where = `${target.user}@${target.address}:${target.port}`;
        this.live.status("connecting", `Connecting to ${target.name} (${where})`);
        this.#abort.signal.throwIfAborted();
        plans.save(this.live.number, this.#plan);
      } else this.#tellReconnecting();
      await this.#followToEnd(remote);
    } catch (failure) {
      if (this.#abort.signal.aborted && this.#stop === undefined) return;
      this.#endAs({ outcome: "failed", problem: asProblem(failure) });
    } finally {
      for (const timer of this.#timers) clearTimeout(timer);
    }
    if (!this.live.ended) return;
    if (this.#phase !== "begun") this.#forget();
    else {
      const planned = { number: this.live.number, run: this.live.run, plan: this.#plan };
      await removeFiles(remote, planned, this.#parts, this.#abort.signal);
    }
  }

  stdin(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  stop(reason: StopReason, graceMs: number): void {
    if (this.live.ended || this.#stop !== undefined) return;
    this.#stop = new GroupStop(reason, graceMs);
    if (this.#phase === "new") {
      this.live.end(stopEnding(reason, this.#plan));
      this.#abort.abort();
      return;
    }
    this.#tell(reason === "cancelled" ? "Cancelling" : "Out of time; ending the command");
    this.#later(() => this.#giveUp(), graceMs + stopWithinMs);
    this.#wake.abort();
    this.#endOnHost();
  }

  /** The command goes on, and the next daemon finds it: the run stays open. */
  abandon(problem: Problem): void {
    if (this.#phase === "new") this.live.end({ outcome: "failed", problem });
    this.#abort.abort();
  }

  async #followToEnd(remote: Remote): Promise<void> {
    let failures = 0;
    while (!this.#abort.signal.aborted) {
      const before = this.#received();
      const passage = await this.#pass(remote);
      if (passage === "over" || this.live.ended || this.#abort.signal.aborted) return;
      const further = passage === "again" || this.#received() > before;
      failures = further ? 0 : failures + 1;
      if (passage === "again") continue;
      if (performance.now() - this.#reached > searchMs) {
        this.#endAs({ outcome: "unknown", problem: hostGone(this.#plan.target, "notFound") });
        return;
      }
      this.#tellReconnecting();
      await this.#rest(Math.min(longestWaitMs, 200 * 2 ** Math.min(failures, 10)));
    }
  }

  /** One session: starts the command or finds it, and follows it as far as the session goes. */
  async #pass(remote: Remote): Promise<Passage> {
    const token = randomBytes(6).toString("hex");
    const { id } = this.live.run;
    const start = this.#phase === "begun" ? undefined : this.#start;
    const command = (shell: LoginShell): HostCommand =>
      start === undefined ? followCommand(id, token, this.#offsets()) : startCommand(id, token, start, shell);
    this.#word = undefined;
    let session: HostSession;
    try {
      session = await openHostSession(
        remote,
        { plan: this.#plan, token, command },
        {
          step: (message) => this.#phase === "new" && this.live.status("connecting", message),
          word: (word) => this.#heard(word),
          output: (stream, chunk) => this.live.output(stream, chunk),
        },
        this.#abort.signal,
      );
    } catch (failure) {
      if (this.#phase === "new") throw failure;
      return "lost";
    }
    const { process } = session;
    if (this.#phase === "new") {
      this.#phase = "sent";
      this.live.timing({ connectMs: process.connectMs, channelMs: process.channelMs });
    }
    this.#process = process;
    const end = await session.over;
    this.#process = undefined;
    // The command's end is often here before the word that it is gone.
    await this.#stop?.settled;
    return this.#passed(end.kind !== "lost");
  }

  /** A plan that stays is the next daemon's to forget: it finds the run ended. */
  #forget(): void {
    try {
      this.#parts.plans.forget(this.live.number);
    } catch (failure) {
      this.#parts.log.warn("The plan of a durable run is kept: it cannot be forgotten now", { failure });
    }
  }

  #passed(closed: boolean): Passage {
    const word = this.#word;
    if (word === undefined) {
      if (closed && this.#phase === "sent") throw noHostSystem(this.#plan.target);
      return "lost";
    }
    this.#reached = performance.now();
    if (word.state === "running") return closed ? "again" : "lost";
    if (word.state === "there") {
      this.#start = undefined;
      return "again";
    }
    if (word.state === "ended" || word.state === "lost") return this.#finished(word, closed);
    if (this.#phase === "begun") {
      this.#endAs({ outcome: "unknown", problem: hostGone(this.#plan.target, "removed") });
      return "over";
    }
    throw (refusals[word.state] ?? neverBegan)(this.#plan.target);
  }

  /** Over only when every byte of both files is here. */
  #finished({ state, code, sizes }: HostWord, closed: boolean): Passage {
    const { stdout, stderr } = this.#offsets();
    if (stdout < sizes.stdout || stderr < sizes.stderr) return closed ? "again" : "lost";
    if (state === "ended" && code !== undefined) this.#endAs({ outcome: "exited", exitCode: code });
    else this.#endAs({ outcome: "unknown", problem: hostGone(this.#plan.target, "died") });
    return "over";
  }

  #heard(word: HostWord): void {
    this.#word = word;
    if (!["running", "ended", "lost"].includes(word.state)) return;
    const first = this.#phase !== "begun";
    this.#phase = "begun";
    this.#start = undefined;
    const { name } = this.#plan.target;
    if (this.#reconnecting) this.live.status("running", `Reconnected to ${name}`);
    else if (first) this.#begun();
    this.#reconnecting = false;
    this.#limitTime();
    this.#endOnHost();
  }

  #begun(): void {
    const process = this.#process;
    const reused = process?.reused ?? false;
    const how = reused ? "over a warm connection" : `in ${Math.round(process?.connectMs ?? 0)} ms`;
    const { name } = this.#plan.target;
    this.live.status("running", `Connected to ${name} ${how}`, { reusedConnection: reused });
  }

  #limitTime(): void {
    const { timeoutMs } = this.#plan;
    if (timeoutMs === 0 || this.#limited) return;
    this.#limited = true;
    const ran = Date.now() - Date.parse(this.live.run.startedAt ?? this.live.run.createdAt);
    this.#later(() => this.stop("timedOut", 5000), Math.max(0, timeoutMs - Math.max(0, ran)));
  }

  /** As soon as there is a way to the host and the group is known. */
  #endOnHost(): void {
    const stop = this.#stop;
    const process = this.#process;
    const { state, group } = this.#word ?? {};
    if (stop === undefined || state !== "running" || group === undefined || process === undefined) return;
    // One that is gone leaves its status at once, and with it comes the last session.
    void stop.ask(process, group).then(() => stop.end === "alive" && this.#giveUp());
  }

  #giveUp(): void {
    if (this.live.ended) return;
    this.#endAs({ outcome: "unknown" });
    this.#abort.abort();
  }

  #endAs(ending: Parameters<LiveRun["end"]>[0]): void {
    if (this.#stop === undefined) {
      this.live.end(ending);
      return;
    }
    const stopConfirmed = ending.outcome === "failed" || this.#stop.end === "gone";
    if (!stopConfirmed) {
      const { name } = this.#plan.target;
      this.#tell(`${name} did not confirm that the command ended; it may still run there`);
    }
    const { exitCode } = ending;
    const stopped = { ...stopEnding(this.#stop.reason, this.#plan), stopConfirmed };
    this.live.end(exitCode === undefined ? stopped : { ...stopped, exitCode });
  }

  #tellReconnecting(): void {
    if (this.#reconnecting) return;
    this.#reconnecting = true;
    this.#tell(`Reconnecting to ${this.#plan.target.name}`);
  }

  #tell(message: string): void {
    const { state } = this.live.run;
    if (state !== "ended") this.live.status(state === "running" ? state : "connecting", message);
  }

  #later(then: () => void, ms: number): void {
    this.#timers.add(setTimeout(then, Math.min(ms, longestTimerMs)));
  }

  /** Until the next attempt; an end that was asked for cuts it short, once. */
  async #rest(ms: number): Promise<void> {
    const signals = this.#wake.signal.aborted
      ? [this.#abort.signal]
      : [this.#abort.signal, this.#wake.signal];
    await delay(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined);
  }

  #offsets(): { stdout: number; stderr: number } {
    return { stdout: this.live.receivedBytes("stdout"), stderr: this.live.receivedBytes("stderr") };
  }

  #received(): number {
    const { stdout, stderr } = this.#offsets();
    return stdout + stderr;
  }
}
