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
import { SharedQuestions } from "./shared-questions.ts";
import { hasOneSession } from "./server-traits.ts";
import { SpareSession } from "./spare-session.ts";

/** Connections that serve the same requests: user, address, port, the way there and the keys are the same. */
export interface PoolBucket {
  /** The same only for the same logins. */
  readonly key: string;
  readonly connections: Set<PooledConnection>;
  /** Requests for which there is neither a free session nor room for a connection, in order. */
  readonly pending: Set<PendingAcquire>;
  /** What the server was found to bear at once on one connection; Infinity until it refuses. */
  sessionLimit: number;
}

/** A session for a run, a connection to look at, or one that another leads through. */
export type Purpose = "session" | "probe" | "bastion";

/** Who needs a connection. */
export interface AcquireRequest {
  readonly target: LoginTarget;
  /** A probe or a bastion needs no session; a bastion never waits for room, lest all room wait for bastions. */
  readonly purpose: Purpose;
  /** Connections that were no good for it. */
  readonly avoid: ReadonlySet<PooledConnection>;
  /** Whose turn it is when places are free: lower came first. */
  readonly order: number;
  /** Who answers what only a person can. */
  readonly respondent: Respondent;
  /** Told of what happens on the way, for the person who waits. */
  step(message: string): void;
  /** What a person is shown before the login, in visible lines. */
  banner(text: string, hop: Hop, from: BannerSource): void;
  /** Stops the request's time until it is disposed of: what it waits for is Hostrun's own. */
  pause(): Disposable;
  /** Told what it waits for, and at which hop. */
  stage(stage: Stage, hop: Hop): void;
}

export interface PendingAcquire {
  readonly request: AcquireRequest;
  /** It waits for room no longer: its time goes on. */
  placed(): void;
  grant(connection: PooledConnection, reused: boolean): void;
  refuse(reason: Error): void;
}

/**
 * One connection of the pool: connecting, then up, then closed; nobody else changes what it is in. While it connects it
 * has those who wait for it, once it is up the places on it that are taken.
 */
export class PooledConnection {
  readonly id: string;
  readonly bucket: PoolBucket;
  readonly target: LoginTarget;
  /** While it connects: who waits for it, each with a place taken; see `ConnectionPool` for those who wait for room. */
  readonly joined = new Set<PendingAcquire>();
  /** What its login asks, for all who wait for it. */
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
  /** Connections that lead through this one, and whoever looks at it. */
  #holds = 0;
  #runs = 0;
  /** Of the sessions, those whose channel is open. */
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

  /** Once it is up. */
  get connection(): SshConnection | undefined {
    return this.#connection;
  }

  /** Aborted when it is closed before it is up. */
  get attempt(): AbortSignal {
    return this.#attempt.signal;
  }

  get sessions(): number {
    return this.#sessions;
  }

  get idle(): boolean {
    return this.#state === "up" && this.#sessions === 0 && this.#holds === 0;
  }

  /** By the monotonic clock, in milliseconds. */
  get lastUsed(): number {
    return this.#lastUsed;
  }

  /** It takes no further request. */
  get retired(): boolean {
    return this.#retired;
  }

  retire(): void {
    this.#retired = true;
  }

  get hasRun(): boolean {
    return this.#runs > 0;
  }

  /** Joins those who wait for it to come up. */
  join(pending: PendingAcquire): void {
    this.reserve(pending.request.purpose);
    this.joined.add(pending);
    pending.request.stage(this.#stage.stage, this.#stage.hop);
    this.questions.joined(pending);
  }

  /** False where it was not among them. */
  withdraw(pending: PendingAcquire): boolean {
    const hadJoined = this.joined.delete(pending);
    if (hadJoined) {
      this.release(pending.request.purpose);
      this.questions.left(pending);
    }
    return hadJoined;
  }

  /** Tells those who wait for it what it is at. */
  progress(stage: Stage, hop: Hop): void {
    this.#stage = { stage, hop };
    for (const { request } of this.joined) request.stage(stage, hop);
  }

  /** It leads through another connection, which `release` gives up. */
  leadsThrough(release: () => void): void {
    if (this.#state === "closed") release();
    else this.#releaseBastion = release;
  }

  /** What it is made by; it may turn out that only OpenSSH can. */
  get transport(): TransportChoice {
    return this.#transport;
  }

  /** ssh2 can't make it; `reason` as in TransportChoice. */
  useOpenSsh(reason: string): void {
    this.#transport = { transport: "openssh", reason };
  }

  /** False where it was closed meanwhile: then it is not taken. */
  cameUp(connection: SshConnection, openedAt: string): boolean {
    if (this.#state === "closed") return false;
    this.#connection = connection;
    this.#state = "up";
    this.#openedAt = openedAt;
    return true;
  }

  /** Gives back whether it was up; undefined where it was closed already. */
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

  usedAt(elapsed: number): void {
    this.#lastUsed = elapsed;
  }

  /** Calls `expired` when nobody has used it for so long. */
  whenIdleFor(idleMs: number, expired: () => void): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(expired, idleMs).unref();
  }

  /** A command has begun. */
  began(): void {
    this.#runs += 1;
  }

  /** A session's channel is open; the returned function says that it is closed. */
  channelOpened(): () => void {
    this.#openChannels += 1;
    return () => {
      this.#openChannels -= 1;
    };
  }

  /** The server refused a session beside those that are open: it bears no more than these. */
  sessionRefused(): void {
    this.bucket.sessionLimit = Math.max(1, this.#openChannels);
  }

  /** How many sessions it may have at once, by the setting and by what the server bears. */
  capacity(setting: number): number {
    return Math.min(setting, this.bucket.sessionLimit, hasOneSession(this.#connection) ? 1 : setting);
  }

  /** The session channel that was opened ahead, if there is a good one. */
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
    const busy = this.#sessions + this.#holds > 0;
    return {
      id: this.id,
      host: target.name,
      user: target.user,
      address: target.address,
      port: target.port,
      jump: target.jump.map(hopName),
      state: this.#state === "up" ? (busy ? "busy" : "idle") : this.#state,
      channels: this.#sessions,
      openedAt: this.#openedAt,
      runs: this.#runs,
      ...(connection === undefined ? notAgreed : agreedOn(connection)),
      transport: this.#transport.transport,
      transportReason: this.#transport.reason,
    };
  }
}

type Agreed = Pick<Connection, "server" | "kex" | "cipher" | "mac" | "hostKeyType" | "hostKeyFingerprint">;

const notAgreed: Agreed = {
  server: null,
  kex: null,
  cipher: null,
  mac: null,
  hostKeyType: null,
  hostKeyFingerprint: null,
};

function agreedOn({ server, kex, cipher, mac, hostKey }: SshConnection): Agreed {
  return { server, kex, cipher, mac, hostKeyType: hostKey.keyType, hostKeyFingerprint: hostKey.fingerprint };
}
