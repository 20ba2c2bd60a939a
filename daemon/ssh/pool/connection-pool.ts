import type { Problem } from "../../../protocol/problem.ts";
import type { Clock } from "../../core/clock.ts";
import type { SshConnection } from "../connect/connection.ts";
import { abortReason, asError, unreachable } from "../failure.ts";
import type { PoolFigures, PoolLimits } from "./limits.ts";
import { Lanes } from "./lanes.ts";
import { type Lane, Link, type Waiter, type Wish } from "./link.ts";

export interface LinksOptions {
  readonly limits: () => PoolLimits;
  readonly clock: Clock;
  /** Logs in, over every hop; `link.releaseBastion` is set when the way leads through one. */
  connect(link: Link, wish: Wish, signal: AbortSignal): Promise<SshConnection>;
  opened(link: Link): void;
  closed(link: Link): void;
}

/** A place on a connection that is up; disposing gives it back. */
export interface Lease extends Disposable {
  readonly link: Link;
  readonly connection: SshConnection;
  /** Whether the connection was up when it was asked for. */
  readonly reused: boolean;
}

/** Hands out places on connections, and opens and closes those as the limits say. */
export class Links {
  readonly #options: LinksOptions;
  readonly #lanes = new Lanes();
  readonly #counted = { opened: 0, reused: 0, evicted: 0, failed: 0 };
  #numbered = 0;
  #serving = false;
  #stopped: Problem | undefined;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** For a wish that comes now: those that came before go first. */
  nextOrder(): number {
    return (this.#numbered += 1);
  }

  /** Rejects with the Problem of the attempt, or with the signal's reason. */
  acquire(wish: Wish, signal: AbortSignal): Promise<Lease> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (this.#stopped !== undefined) throw this.#stopped;
      const done = (): void => signal.removeEventListener("abort", abort);
      const waiter: Waiter = {
        wish,
        grant: (link, reused) => {
          done();
          resolve(this.#lease(link, wish.purpose, reused));
        },
        refuse: (reason) => {
          done();
          reject(reason);
        },
      };
      const abort = (): void => {
        this.#withdraw(waiter);
        reject(abortReason(signal));
      };
      signal.addEventListener("abort", abort, { once: true });
      const lane = this.#lanes.of(wish.target);
      if (lane.waiting.size === 0 && this.#place(lane, waiter, false)) return;
      lane.waiting.add(waiter);
      wish.step(`Waiting for a free connection to ${wish.target.name}`);
      wish.stage("waiting for a free connection, since the pool is at its limit", wish.target);
    });
  }

  all(): Link[] {
    return this.#lanes.links();
  }

  figures(): PoolFigures {
    const up = this.all().filter(({ state }) => state === "up");
    const idle = up.filter((link) => link.idle).length;
    const channels = up.reduce((sum, link) => sum + link.sessions, 0);
    return { connections: up.length, idle, busy: up.length - idle, channels, ...this.#counted };
  }

  capacity(link: Link): number {
    return link.capacity(this.#options.limits().channelsPerConnection);
  }

  /** Keeps a connection in use beside the places on it: one that was just left could be closed as idle. */
  hold(link: Link): Disposable {
    this.#reserve(link, "probe");
    return this.#lease(link, "probe", true);
  }

  /** Opens one session ahead where there is room for it. */
  prepareSpare(link: Link): void {
    if (link.state === "up") void link.prepareSpare(this.capacity(link));
  }

  close(link: Link): void {
    if (link.state === "closed") return;
    this.#shut(link);
    this.#serve();
  }

  stop(reason: Problem): void {
    this.#stopped = reason;
    for (const lane of this.#lanes.waiting()) {
      for (const waiter of lane.waiting) waiter.refuse(reason);
      lane.waiting.clear();
    }
    for (const link of this.all()) {
      for (const waiter of link.waiters) waiter.refuse(reason);
      link.waiters.clear();
      this.close(link);
    }
  }

  /** Without serving who waits: who makes room for somebody must not lose it to another. */
  #shut(link: Link): void {
    if (link.state === "closed") return;
    const wasUp = link.state === "up";
    link.state = "closed";
    clearTimeout(link.idleTimer);
    link.lane.links.delete(link);
    link.attempt.abort(unreachable(link.target, "closed"));
    link.connection?.close();
    link.releaseBastion();
    if (wasUp) this.#options.closed(link);
    this.#lanes.sweep(link.lane);
  }

  /** False when there is no place for it now; `itsTurn`: it may take room although others wait for room. */
  #place(lane: Lane, waiter: Waiter, itsTurn: boolean): boolean {
    const { purpose, avoid } = waiter.wish;
    const fits = (link: Link): boolean =>
      !avoid.has(link) && (purpose !== "session" || link.sessions < this.capacity(link));
    const links = [...lane.links].filter(fits);
    const up = links.find(({ state }) => state === "up");
    if (up !== undefined) {
      this.#counted.reused += 1;
      this.#reserve(up, purpose);
      waiter.grant(up, true);
      return true;
    }
    const connecting = links.find(({ state }) => state === "connecting");
    if (connecting !== undefined) {
      this.#join(connecting, waiter);
      return true;
    }
    const mayTakeRoom = itsTurn || this.#lanes.waiting().length === 0;
    if (!(mayTakeRoom && this.#makeRoom()) && purpose !== "bastion") return false;
    this.#open(lane, waiter);
    return true;
  }

  #join(link: Link, waiter: Waiter): void {
    this.#reserve(link, waiter.wish.purpose);
    link.waiters.add(waiter);
    waiter.wish.stage(link.at.stage, link.at.hop);
  }

  #open(lane: Lane, waiter: Waiter): void {
    const link = new Link(`c${this.nextOrder()}`, lane, waiter.wish.target);
    lane.links.add(link);
    this.#join(link, waiter);
    const wish: Wish = {
      ...waiter.wish,
      step: (message) => {
        for (const each of link.waiters) each.wish.step(message);
      },
      stage: (stage, hop) => {
        link.at = { stage, hop };
        for (const each of link.waiters) each.wish.stage(stage, hop);
      },
    };
    this.#options.connect(link, wish, link.attempt.signal).then(
      (connection) => this.#cameUp(link, connection),
      (reason: unknown) => this.#failed(link, reason),
    );
  }

  #cameUp(link: Link, connection: SshConnection): void {
    if (link.state === "closed") {
      connection.close();
      return;
    }
    link.connection = connection;
    link.state = "up";
    link.openedAt = this.#options.clock.now();
    this.#counted.opened += 1;
    connection.onLost(() => this.close(link));
    if (connection.loss !== undefined) return;
    this.#options.opened(link);
    for (const waiter of link.waiters) waiter.grant(link, false);
    link.waiters.clear();
    this.#serve();
  }

  #failed(link: Link, reason: unknown): void {
    if (link.state !== "closed") this.#counted.failed += 1;
    const waiters = [...link.waiters];
    link.waiters.clear();
    this.close(link);
    for (const waiter of waiters) waiter.refuse(asError(reason));
  }

  /** Someone stopped waiting: an attempt that nobody waits for is given up. */
  #withdraw(waiter: Waiter): void {
    const lane = this.#lanes.of(waiter.wish.target);
    lane.waiting.delete(waiter);
    for (const link of lane.links) {
      if (!link.waiters.delete(waiter)) continue;
      this.#free(link, waiter.wish.purpose);
      if (link.waiters.size === 0 && link.state === "connecting") this.close(link);
    }
    this.#lanes.sweep(lane);
  }

  #lease(link: Link, purpose: Wish["purpose"], reused: boolean): Lease {
    const { connection } = link;
    if (connection === undefined) throw new TypeError("Only a connection that is up is leased");
    let given = true;
    return {
      link,
      connection,
      reused,
      [Symbol.dispose]: () => {
        if (!given) return;
        given = false;
        this.#free(link, purpose);
        if (link.state !== "up") return;
        link.lastUsed = this.#options.clock.elapsed();
        this.#serve();
        this.#rest(link);
      },
    };
  }

  #reserve(link: Link, purpose: Wish["purpose"]): void {
    clearTimeout(link.idleTimer);
    if (purpose === "session") link.sessions += 1;
    else link.holds += 1;
  }

  #free(link: Link, purpose: Wish["purpose"]): void {
    if (purpose === "session") link.sessions -= 1;
    else link.holds -= 1;
  }

  /** An unused connection waits for the next run, and one session is opened ahead for it. */
  #rest(link: Link): void {
    if (link.state !== "up") return;
    this.prepareSpare(link);
    if (!link.idle) return;
    clearTimeout(link.idleTimer);
    link.idleTimer = setTimeout(() => {
      this.#evict(link);
      this.#serve();
    }, this.#options.limits().idleMs).unref();
  }

  #evict(link: Link): void {
    if (!link.idle) return;
    this.#counted.evicted += 1;
    this.#shut(link);
  }

  /** Room for one more connection, by closing the one that was idle the longest where needed. */
  #makeRoom(): boolean {
    const links = this.all();
    if (links.length < this.#options.limits().maxConnections) return true;
    const [oldest] = links.filter((link) => link.idle).sort((a, b) => a.lastUsed - b.lastUsed);
    if (oldest === undefined) return false;
    this.#evict(oldest);
    return true;
  }

  /** Soon, not now: whoever closes or releases a connection is often in the middle of placing somebody. */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    queueMicrotask(() => {
      this.#serving = false;
      this.#serveNow();
    });
  }

  /** Places who waits, the first in each lane first. */
  #serveNow(): void {
    for (const lane of this.#lanes.waiting()) {
      for (const waiter of lane.waiting) {
        if (!this.#place(lane, waiter, true)) break;
        lane.waiting.delete(waiter);
      }
    }
  }
}
