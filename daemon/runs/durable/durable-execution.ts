import { randomBytes } from "node:crypto";
import type { Problem } from "../../../protocol/problem.ts";
import type { Log } from "../../core/log.ts";
import type { EventLoopQueue } from "../../core/event-loop-queue.ts";
import type { LiveRun } from "../record/live-run.ts";
import type { LoginShell } from "../../transport/login-shell.ts";
import type { Remote, RemoteProcess } from "../../transport/remote.ts";
import type { Ending } from "../record/ending.ts";
import {
  asProblem,
  connectedWords,
  connectingWords,
  type RunExecution,
  showBanner,
  type StopReason,
  stopEnding,
  unconfirmedWords,
} from "../run-execution.ts";
import { GroupStop } from "./group-stop.ts";
import { followCommand, type HostCommand, type StartInput, startCommand } from "./host-script.ts";
import { type HostSession, openHostSession, type SessionEnd } from "./host-session.ts";
import { endingFromStatus } from "./ending-from-status.ts";
import type { RemoteStatus } from "./remote-status.ts";
import { KeptPlan } from "./kept-plan.ts";
import { ReconnectBackoff } from "./reconnect-backoff.ts";
import type { DurablePlan, DurablePlans } from "./plan.ts";
import { hostGone, neverReady, noHostSystem, refusalFor } from "./refusals.ts";
import { forgetPlan, removeFiles } from "./removal.ts";

export interface DurableParts {
  readonly plans: DurablePlans;
  readonly log: Log;
  /** Whoever takes up what an earlier daemon recorded waits for its turn here. */
  readonly turns: EventLoopQueue;
  /** Aborted when the daemon stops. */
  readonly stopped: AbortSignal;
}

/** What one session on the host came to. */
type Passage = "over" | "again" | "lost";

/** How long an end that was asked for may take beyond its grace time. */
const stopTimeoutMs = 30_000;
/** How long a host that can be reached, and says nothing, is waited for then. */
const silentTimeoutMs = 3000;
/** One that is gone leaves its status at once, and with it comes the last session; other ones are left. */
const statusTimeoutMs = 2000;
const maxTimerMs = 2_147_483_647;

/**
 * A run that goes on without us: its command is started detached and followed by its files, over as many sessions
 * as it takes. It starts only where making its directory on the host succeeds, so it can be asked for twice.
 */
export class DurableExecution implements RunExecution {
  readonly outlivesDaemon = true;
  readonly live: LiveRun;
  readonly #kept: KeptPlan;
  readonly #parts: DurableParts;
  readonly #abort = new AbortController();
  readonly #wake = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** What starts the command; undefined once it must only be found. */
  #start: StartInput | undefined;
  /** sent: the host may have the command. begun: it said so. */
  #phase: "new" | "sent" | "begun";
  /** Resolves when what an earlier daemon recorded is taken in. */
  #taken: Promise<void> = Promise.resolve();
  readonly #backoff = new ReconnectBackoff();
  #process: RemoteProcess | undefined;
  #word: RemoteStatus | undefined;
  #stop: GroupStop | undefined;
  #reconnecting = false;
  #limited = false;

  /** With `start` a new run; without, one that an earlier daemon began. */
  constructor(live: LiveRun, plan: DurablePlan, start: StartInput | undefined, parts: DurableParts) {
    this.live = live;
    this.#kept = new KeptPlan(live.run.id, plan, parts);
    this.#start = start;
    this.#parts = parts;
    if (start !== undefined) this.#phase = "new";
    else this.#phase = live.run.startedAt === null ? "sent" : "begun";
  }

  get #plan(): DurablePlan {
    return this.#kept.plan;
  }

  async run(remote: Remote): Promise<void> {
    try {
      if (this.#phase === "new") {
        this.live.timing({ queueMs: this.live.ageMs });
        this.live.status("connecting", connectingWords(this.#plan.target));
        this.#abort.signal.throwIfAborted();
        this.#kept.save();
      } else if (!(await this.#replay())) return;
      await this.#followToEnd(remote);
    } catch (failure) {
      if (this.#abort.signal.aborted && this.#stop === undefined) return;
      this.#endAs({ outcome: "failed", problem: asProblem(failure) });
    } finally {
      for (const timer of this.#timers) clearTimeout(timer);
    }
    const { ended, run } = this.live;
    if (!ended) return;
    if (this.#phase !== "begun") forgetPlan(run.id, this.#parts);
    else void removeFiles(remote, { run, plan: this.#plan }, this.#parts);
  }

  stdin(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  stop(reason: StopReason, graceMs: number): void {
    if (this.live.ended || this.#stop !== undefined) return;
    const left = (): void => this.#later(() => void this.#giveUp(), statusTimeoutMs);
    this.#stop = new GroupStop(reason, graceMs, left);
    if (this.#phase === "new") {
      this.live.end(stopEnding(reason, this.#plan));
      this.#abort.abort();
      return;
    }
    this.#tell(reason === "cancelled" ? "Cancelling" : "Out of time; ending the command");
    this.#later(() => void this.#giveUp(), graceMs + stopTimeoutMs);
    const silent = (): boolean => this.#process !== undefined && this.#word === undefined;
    if (silent()) this.#later(() => void (silent() && this.#giveUp()), silentTimeoutMs);
    this.#wake.abort();
    this.#endOnHost();
  }

  /** The command goes on, and the next daemon finds it: the run stays open. */
  abandon(problem: Problem): void {
    if (this.#phase === "new") this.live.end({ outcome: "failed", problem });
    this.#abort.abort();
  }

  /** False when the run is not to be followed: the daemon stops, or its store cannot be read. */
  async #replay(): Promise<boolean> {
    this.#tellReconnecting();
    const { turns, log } = this.#parts;
    const taking = this.live.replay(turns, this.#abort.signal);
    this.#taken = taking.catch(() => undefined);
    try {
      await taking;
      return true;
    } catch (failure) {
      if (this.#abort.signal.aborted) return false;
      // It stays open: its command goes on, and the next daemon tries again.
      log.error("The record of a durable run cannot be read", { run: this.live.run.id, failure });
      return false;
    }
  }

  async #followToEnd(remote: Remote): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const before = this.#received();
      const passage = await this.#pass(remote);
      if (passage === "over" || this.live.ended || this.#abort.signal.aborted) return;
      this.#backoff.record(passage === "again" || this.#received() > before);
      if (passage === "again") continue;
      if (this.#backoff.exhausted) {
        this.#endAs({ outcome: "unknown", problem: hostGone(this.#plan.target, "notFound") });
        return;
      }
      this.#tellReconnecting();
      // An end that was asked for cuts it short, once.
      const wake = this.#wake.signal.aborted ? [] : [this.#wake.signal];
      await this.#backoff.pause([this.#abort.signal, ...wake]);
    }
  }

  /** One session: starts the command or finds it, and follows it as far as the session goes. */
  async #pass(remote: Remote): Promise<Passage> {
    const token = randomBytes(6).toString("hex");
    const run = { id: this.live.run.id, directory: this.#plan.directory };
    const start = this.#phase === "begun" ? undefined : this.#start;
    const from = { ...this.#offsets(), hash: !this.live.whole };
    const command = (shell: LoginShell): HostCommand =>
      start === undefined ? followCommand(run, token, from) : startCommand(run, token, start, shell);
    this.#word = undefined;
    let session: HostSession;
    try {
      session = await openHostSession(
        remote,
        { plan: this.#plan, token, command },
        {
          step: (message) => this.#phase === "new" && this.live.status("connecting", message),
          banner: (banner, hop) => showBanner(this.live, banner, hop),
          given: () => {
            if (this.#phase === "new") this.#phase = "sent";
          },
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
    if (this.#phase === "new") this.live.sentTo(process);
    this.#process = this.live.pace.drive(process);
    const end = await session.over;
    this.#process = undefined;
    // The command's end is often here before the word that it is gone.
    await this.#stop?.settled;
    return this.#passed(end.kind);
  }

  #passed(how: SessionEnd["kind"]): Passage {
    const word = this.#word;
    if (word === undefined) return this.#unsaid(how);
    const closed = how === "exited" || how === "signaled";
    this.#backoff.reset();
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
    throw refusalFor(word.state, this.#plan.target);
  }

  /** The host did not say how things are. */
  #unsaid(how: SessionEnd["kind"]): Passage {
    const { target } = this.#plan;
    if (how === "lost" || this.#phase === "begun") return "lost";
    if (how !== "silent") throw noHostSystem(target);
    if (this.#phase === "new") throw neverReady(target, this.#plan.connectTimeoutMs);
    this.#endAs({ outcome: "unknown", problem: hostGone(target, "silent") });
    return "over";
  }

  /** Over only when every byte of both files is here. */
  #finished(word: RemoteStatus, closed: boolean): Passage {
    const { stdout, stderr } = this.#offsets();
    if (stdout < word.sizes.stdout || stderr < word.sizes.stderr) return closed ? "again" : "lost";
    this.#endAs(endingFromStatus(word, { stdout, stderr }, this.#plan.target));
    return "over";
  }

  #heard(word: RemoteStatus): void {
    this.#word = word;
    if (!["running", "ended", "lost"].includes(word.state)) return;
    const first = this.#phase !== "begun";
    this.#phase = "begun";
    this.#start = undefined;
    if (this.#reconnecting) this.live.status("running", `Reconnected to ${this.#plan.target.name}`);
    else if (first) this.#begun();
    this.#reconnecting = false;
    const told = this.#kept.learn(word.directory);
    if (told !== undefined) this.#tell(told);
    this.#limitTime();
    this.#endOnHost();
  }

  #begun(): void {
    const { reused = false, connectMs = 0 } = this.#process ?? {};
    const message = connectedWords(this.#plan.target, { reused, connectMs });
    this.live.status("running", message, { reusedConnection: reused });
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
    const { directory } = this.#plan;
    if (directory === null) return;
    // The session ends behind what the host still has to send.
    void stop.ask(process, group, `${directory}/${this.live.run.id}`).then(() => this.live.pace.end());
  }

  async #giveUp(): Promise<void> {
    await this.#taken;
    if (this.live.ended) return;
    this.#endAs({ outcome: "unknown" });
    this.#abort.abort();
  }

  #endAs(ending: Ending): void {
    const end = this.#stop?.ending(ending, this.#plan) ?? ending;
    if (end.stopConfirmed === false) this.#tell(unconfirmedWords(this.#plan.target));
    this.live.end(end);
  }

  #tellReconnecting(): void {
    if (this.#reconnecting) return;
    this.#reconnecting = true;
    this.#tell(`Reconnecting to ${this.#plan.target.name}`);
  }

  #tell(message: string): void {
    const state = this.live.run.state === "running" ? "running" : "connecting";
    this.live.status(state, message, {}, this.#reconnecting ? { reconnecting: true } : {});
  }

  #later(then: () => void, ms: number): void {
    this.#timers.add(setTimeout(then, Math.min(ms, maxTimerMs)));
  }

  #offsets(): { stdout: number; stderr: number } {
    return { stdout: this.live.receivedBytes("stdout"), stderr: this.live.receivedBytes("stderr") };
  }

  #received(): number {
    return this.live.receivedBytes("stdout") + this.live.receivedBytes("stderr");
  }
}
