import type { ClientChannel } from "ssh2";
import type { Connection } from "../../../protocol/stats.ts";
import type { Hop } from "../../transport/remote.ts";
import type { SshConnection } from "../connect/connection.ts";
import type { LoginTarget } from "../auth/credentials.ts";
import { hopName } from "../failure.ts";
import { canOpenAhead } from "../ssh2-internals.ts";
import { isUsable, openChannel } from "../channel/session-channel.ts";

/** Connections that serve the same requests: user, address, port, the way there and the keys are the same. */
export interface Lane {
  /** The same only for the same logins. */
  readonly key: string;
  readonly links: Set<Link>;
  /** Requests for which there is neither a free session nor room for a connection, in order. */
  readonly waiting: Set<Waiter>;
  /** What the server was found to bear at once on one connection; Infinity until it refuses. */
  sessionLimit: number;
}

/** Who needs a connection. */
export interface Wish {
  readonly target: LoginTarget;
  /** A probe or a bastion needs no session; a bastion never waits for room, lest all room wait for bastions. */
  readonly purpose: "session" | "probe" | "bastion";
  /** Connections that were no good for it. */
  readonly avoid: ReadonlySet<Link>;
  /** Whose turn it is when places are free: lower came first. */
  readonly order: number;
  /** Told of what happens on the way, for the person who waits. */
  step(message: string): void;
  /** Told what it waits for, as "it was …" in a time-out's message, and at which hop. */
  stage(stage: string, hop: Hop): void;
}

export interface Waiter {
  readonly wish: Wish;
  grant(link: Link, reused: boolean): void;
  refuse(reason: Error): void;
}

/** A pooled connection: on its way up, up, or closed. */
export class Link {
  readonly id: string;
  readonly lane: Lane;
  readonly target: LoginTarget;
  state: "connecting" | "up" | "closed" = "connecting";
  /** Sessions that run or are about to. */
  sessions = 0;
  /** Connections that lead through this one. */
  holds = 0;
  runs = 0;
  /** Of the sessions, those whose channel is open: what the server bears at least. */
  running = 0;
  /** What a connecting one is at. */
  at: { stage: string; hop: Hop };
  lastUsed = 0;
  openedAt: string | null = null;
  connection: SshConnection | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  /** Gives up the bastion that it leads through. */
  releaseBastion: () => void = () => undefined;
  /** While it connects: who waits for it, and how to stop when nobody does any more. */
  readonly waiters = new Set<Waiter>();
  readonly attempt = new AbortController();
  #spare: ClientChannel | undefined;
  #opening = false;
  #refusals = 0;

  constructor(id: string, lane: Lane, target: LoginTarget) {
    this.id = id;
    this.lane = lane;
    this.target = target;
    this.at = { stage: "waiting for its turn", hop: target };
  }

  get idle(): boolean {
    return this.state === "up" && this.sessions === 0 && this.holds === 0;
  }

  /** How many sessions it may have at once, by the setting and by what the server bears. */
  capacity(setting: number): number {
    return Math.min(setting, this.lane.sessionLimit, hasOneSession(this.connection) ? 1 : setting);
  }

  /** The session channel that was opened ahead, if there is a good one. */
  takeSpare(): ClientChannel | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare !== undefined && isUsable(spare) ? spare : undefined;
  }

  /**
   * Opens one session channel ahead, within `capacity`. A server that refuses one beside running sessions is
   * not asked again while it has any.
   */
  async prepareSpare(capacity: number): Promise<void> {
    const { connection } = this;
    if (connection === undefined || this.#spare !== undefined || this.#opening) return;
    const bears = this.sessions === 0 || this.#refusals < 2;
    if (!bears || this.sessions >= capacity || !takesSpare(connection)) return;
    this.#opening = true;
    const opening = await openChannel(connection);
    this.#opening = false;
    if (opening.kind === "opened") this.#spare = opening.channel;
    if (opening.kind === "refused") this.#refusals += 1;
  }

  describe(): Connection {
    const { target, connection, state } = this;
    const busy = this.sessions + this.holds > 0;
    return {
      id: this.id,
      host: target.name,
      user: target.user,
      address: target.address,
      port: target.port,
      jump: target.jump.map(hopName),
      state: state === "up" ? (busy ? "busy" : "idle") : state,
      channels: this.sessions,
      openedAt: this.openedAt,
      runs: this.runs,
      server: connection?.server ?? null,
      cipher: connection?.cipher ?? null,
      hostKeyType: connection?.hostKey.keyType ?? null,
    };
  }
}

/** TinySSH gives up the whole connection at a second channel. */
function hasOneSession(connection: SshConnection | undefined): boolean {
  return connection?.server.startsWith("tinyssh") === true;
}

/** Only servers that are known to bear a session on which nothing runs. */
function takesSpare(connection: SshConnection): boolean {
  return /^(OpenSSH|dropbear)_/.test(connection.server) && canOpenAhead(connection.client);
}
