import type { ClientChannel } from "ssh2";
import type { Connection } from "../../../protocol/stats.ts";
import { chooseTransport, type TransportChoice } from "../../transport/choice.ts";
import { hopName } from "../../transport/hop-name.ts";
import type { BannerSource, Hop } from "../../transport/remote.ts";
import type { LoginTarget } from "../auth/credentials.ts";
import type { Respondent } from "../auth/dialogue.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import { unreachable } from "../failure.ts";
import type { Stage } from "../stage.ts";
import { agreedOn, notAgreed } from "./agreed.ts";
import { SharedQuestions } from "./shared-questions.ts";
import { hasOneSession } from "./server-traits.ts";
import { SpareSession } from "./spare-session.ts";

/** Connections that serve the same requests: user, address, port, route and keys are the same. */
export interface PoolBucket {
  /** Equal only for equal logins. */
  readonly key: string;
  readonly connections: Set<PooledConnection>;
  /** Requests for which there is neither a free session nor room for a connection, in order. */
  readonly pending: Set<PendingAcquire>;
  /** How many sessions the server was found to allow on one connection; Infinity until it refuses one. */
  sessionLimit: number;
}

/** A session for a run, a connection to probe, or one that another is tunnelled through. */
export type Purpose = "session" | "probe" | "bastion";

/** A request for a connection. */
export interface AcquireRequest {
  readonly target: LoginTarget;
  /** A probe or a bastion needs no session. A bastion never waits for room: that could deadlock the pool. */
  readonly purpose: Purpose;
  /** Connections that already failed for it. */
  readonly avoid: ReadonlySet<PooledConnection>;
  /** The order in which free places are given: lower came first. */
  readonly order: number;
  /** Answers the prompts of the login. */
  readonly respondent: Respondent;
  /** Called with each step on the way, for the person who waits. */
  step(message: string): void;
  /** Text to show to a person before the login, in visible lines. */
  banner(text: string, hop: Hop, from: BannerSource): void;
  /** Pauses the request's deadline until disposed of: what it waits for is Hostrun itself. */
  pause(): Disposable;
  /** Called with what it waits for, and at which hop. */
  stage(stage: Stage, hop: Hop): void;
}

export interface PendingAcquire {
  readonly request: AcquireRequest;
  /** It no longer waits for room: its deadline runs again. */
  placed(): void;
  grant(connection: PooledConnection, reused: boolean): void;
  refuse(reason: Error): void;
}

/**
 * One connection of the pool: connecting, then up, then closed; only this class changes its state. While it connects, it
 * has requests that wait for it; once up, it counts the places that are taken.
 */
export class PooledConnection {
  readonly id: string;
  readonly bucket: PoolBucket;
  readonly target: LoginTarget;
  /** While connecting: requests that wait for it, each with a place. Those that wait for room are in the bucket. */
  readonly joined = new Set<PendingAcquire>();
  /** The prompts of its login, for all requests that wait for it. */
  readonly questions = new SharedQuestions<PendingAcquire>({
    waiting: () => this.joined,
    refuse: (pending, reason) => {
      this.withdraw(pending);
      pending.refuse(reason);
    },
  });
  #state: "connecting" | "up" | "closed" = "connecting";
  #connection: SshConnection | undefined;
  /** Sessions that run or are about to. */
  #sessions = 0;
  /** Those among them that are at rest. */
  #resting = 0;
  /** Connections tunnelled through this one, and its probes. */
  #holds = 0;
  #hasRun = false;
  #runs = 0;
  /** The number of sessions whose channel is open. */
  #openChannels = 0;
  #stage: { readonly stage: Stage; readonly hop: Hop };
  #lastUsed = 0;
  #openedAt: string | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #releaseBastion: () => void = () => undefined;
  readonly #attempt = new AbortController();
  readonly #spare = new SpareSession();
  #transport: TransportChoice;
  #retired = false;

  constructor(id: string, bucket: PoolBucket, target: LoginTarget) {
    this.id = id;
    this.bucket = bucket;
    this.target = target;
    this.#stage = { stage: { at: "turn" }, hop: target };
    this.#transport = chooseTransport(
      target,
      target.credentials.openSshKeys.map(({ kind }) => kind),
    );
    bucket.connections.add(this);
  }

  get state(): "connecting" | "up" | "closed" {
    return this.#state;
  }

  /** undefined until it is up. */
  get connection(): SshConnection | undefined {
    return this.#connection;
  }

  /** Aborted if it is closed before it is up. */
  get attempt(): AbortSignal {
    return this.#attempt.signal;
  }

  get sessions(): number {
    return this.#sessions;
  }

  get idle(): boolean {
    return this.#state === "up" && this.#sessions === this.#resting && this.#holds === 0;
  }

  /** By the monotonic clock, in milliseconds. */
  get lastUsed(): number {
    return this.#lastUsed;
  }

  /** It accepts no further requests. */
  get retired(): boolean {
    return this.#retired;
  }

  retire(): void {
    this.#retired = true;
  }

  get hasRun(): boolean {
    return this.#hasRun;
  }

  /** Adds a request to those that wait for it to come up. */
  join(pending: PendingAcquire): void {
    this.reserve(pending.request.purpose);
    this.joined.add(pending);
    pending.request.stage(this.#stage.stage, this.#stage.hop);
    this.questions.joined(pending);
  }

  /** False if it had not joined. */
  withdraw(pending: PendingAcquire): boolean {
    const hadJoined = this.joined.delete(pending);
    if (hadJoined) {
      this.release(pending.request.purpose);
      this.questions.left(pending);
    }
    return hadJoined;
  }

  /** Reports the stage to the requests that wait for it. */
  progress(stage: Stage, hop: Hop): void {
    this.#stage = { stage, hop };
    for (const { request } of this.joined) request.stage(stage, hop);
  }

  /** It is tunnelled through another connection, which `release` frees. */
  holdBastion(release: () => void): void {
    if (this.#state === "closed") release();
    else this.#releaseBastion = release;
  }

  /** How it connects; it may turn out that only OpenSSH can. */
  get transport(): TransportChoice {
    return this.#transport;
  }

  /** ssh2 can't connect to it; `reason` as in TransportChoice. */
  useOpenSsh(reason: string): void {
    this.#transport = { transport: "openssh", reason };
  }

  /** False if it was closed in the meantime: the connection is then not used. */
  connected(connection: SshConnection, openedAt: string): boolean {
    if (this.#state === "closed") return false;
    this.#connection = connection;
    this.#state = "up";
    this.#openedAt = openedAt;
    return true;
  }

  /** Returns whether it was up; undefined if it was already closed. */
  close(): { readonly wasUp: boolean } | undefined {
    if (this.#state === "closed") return undefined;
    const wasUp = this.#state === "up";
    this.#state = "closed";
    clearTimeout(this.#idleTimer);
    this.bucket.connections.delete(this);
    this.#attempt.abort(unreachable(this.target, "closed"));
    this.#connection?.close();
    this.#releaseBastion();
    return { wasUp };
  }

  reserve(purpose: Purpose): void {
    clearTimeout(this.#idleTimer);
    if (purpose === "session") this.#sessions += 1;
    else this.#holds += 1;
  }

  release(purpose: Purpose): void {
    if (purpose === "session") this.#sessions -= 1;
    else this.#holds -= 1;
  }

  /** A session is at rest, or no longer: one that is does not keep the connection from being idle. */
  rest(resting: boolean): void {
    if (!resting) clearTimeout(this.#idleTimer);
    this.#resting += resting ? 1 : -1;
  }

  usedAt(elapsed: number): void {
    this.#lastUsed = elapsed;
  }

  /** Calls `expired` once nobody has used it for `idleMs`. */
  whenIdleFor(idleMs: number, expired: () => void): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(expired, idleMs).unref();
  }

  /** A command has started, of a run or of Hostrun's own. */
  commandStarted(): void {
    this.#hasRun = true;
  }

  runBegan(): void {
    this.#runs += 1;
  }

  /** A session's channel was opened; the returned function records its close. */
  channelOpened(): () => void {
    this.#openChannels += 1;
    return () => {
      this.#openChannels -= 1;
    };
  }

  /** The server refused a session in addition to the open ones: it allows no more than these. */
  sessionRefused(): void {
    this.bucket.sessionLimit = Math.max(1, this.#openChannels);
  }

  /** How many sessions it may have at once, according to the setting and the server. */
  capacity(setting: number): number {
    return Math.min(setting, this.bucket.sessionLimit, hasOneSession(this.#connection) ? 1 : setting);
  }

  /** Takes the session channel that was opened ahead, if it is usable. */
  takeSpare(): ClientChannel | undefined {
    return this.#spare.take();
  }

  /** Opens one session channel ahead, within `capacity`. */
  async prepareSpare(capacity: number): Promise<void> {
    if (this.#connection === undefined || this.#retired || this.#sessions >= capacity) return;
    await this.#spare.prepare(this.#connection, this.#sessions);
  }

  describe(): Connection {
    const { target } = this;
    const connection = this.#connection;
    return {
      id: this.id,
      host: target.name,
      user: target.user,
      address: target.address,
      port: target.port,
      jump: target.jump.map(hopName),
      state: this.#state === "up" ? (this.idle ? "idle" : "busy") : this.#state,
      channels: this.#sessions,
      openedAt: this.#openedAt,
      runs: this.#runs,
      ...(connection === undefined ? notAgreed : agreedOn(connection)),
      transport: this.#transport.transport,
      transportReason: this.#transport.reason,
    };
  }
}
