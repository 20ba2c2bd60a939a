import type { Problem } from "../../../protocol/problem.ts";
import type { Clock } from "../../core/clock.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import { abortReason, asError } from "../failure.ts";
import type { PoolMetrics, PoolLimits } from "./limits.ts";
import { createLease, type Lease } from "./lease.ts";
import { PoolBuckets } from "./pool-buckets.ts";
import {
  type AcquireRequest,
  type PendingAcquire,
  type PoolBucket,
  PooledConnection,
  type Purpose,
} from "./pooled-connection.ts";

export interface ConnectionPoolOptions {
  readonly limits: () => PoolLimits;
  readonly clock: Clock;
  /** Logs in over every hop, and calls `pooled.holdBastion` if a bastion is used. */
  connect(pooled: PooledConnection, request: AcquireRequest, signal: AbortSignal): Promise<SshConnection>;
  opened(pooled: PooledConnection): void;
  closed(pooled: PooledConnection): void;
}

/**
 * Leases places on connections, and opens and closes connections within the limits. A request waits in one of two sets:
 * those in a bucket's `pending` wait for room, which any connection that is released or closed may provide; those in a
 * connecting connection's `joined` have a place, are shown the prompts of its login, and fail with it. A single queue
 * would have to record which login each request has joined, which is the second set again.
 */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  readonly #buckets = new PoolBuckets();
  readonly #counted = { opened: 0, evicted: 0, failed: 0 };
  #lastOrder = 0;
  #lastConnection = 0;
  #dispatching = false;
  #stopped: Problem | undefined;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
  }

  /** For a request that arrives now: earlier ones are served first. */
  nextOrder(): number {
    return (this.#lastOrder += 1);
  }

  /** Rejects with the Problem of the attempt, or with the signal's reason. */
  acquire(request: AcquireRequest, signal: AbortSignal): Promise<Lease> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (this.#stopped !== undefined) throw this.#stopped;
      const waiting = new DisposableStack();
      const done = (): void => signal.removeEventListener("abort", abort);
      const pending: PendingAcquire = {
        request,
        placed: () => waiting.dispose(),
        grant: (pooled, reused) => {
          done();
          resolve(this.#lease(pooled, request.purpose, reused));
        },
        refuse: (reason) => {
          done();
          reject(reason);
        },
      };
      const abort = (): void => {
        this.#withdraw(pending);
        reject(abortReason(signal));
      };
      signal.addEventListener("abort", abort, { once: true });
      const bucket = this.#buckets.of(request.target);
      if (bucket.pending.size === 0 && this.#place(bucket, pending, false)) return;
      bucket.pending.add(pending);
      waiting.use(request.pause());
      request.step(`Waiting for a free connection to ${request.target.name}`);
      request.stage({ at: "freeConnection" }, request.target);
    });
  }

  all(): PooledConnection[] {
    return this.#buckets.connections();
  }

  metrics(): PoolMetrics {
    const up = this.all().filter(({ state }) => state === "up");
    const idle = up.filter((pooled) => pooled.idle).length;
    const channels = up.reduce((sum, pooled) => sum + pooled.sessions, 0);
    return { connections: up.length, idle, busy: up.length - idle, channels, ...this.#counted };
  }

  /** Keeps a connection in use independently of its leases: one that was just released could be closed as idle. */
  hold(pooled: PooledConnection): Disposable {
    pooled.reserve("probe");
    return this.#lease(pooled, "probe", true);
  }

  limitsChanged(): void {
    for (const pooled of this.all()) this.#closeUnused(pooled);
  }

  /** Opens one session ahead if there is room for it. */
  prepareSpare(pooled: PooledConnection): void {
    if (pooled.state === "up") void pooled.prepareSpare(this.#capacity(pooled));
  }

  /** Excludes a connection from further use: it is closed now, or once nobody uses it any more. */
  retire(pooled: PooledConnection): void {
    pooled.retire();
    if (pooled.idle) this.close(pooled);
  }

  close(pooled: PooledConnection): void {
    if (this.#shut(pooled)) this.#dispatchSoon();
  }

  stop(reason: Problem): void {
    this.#stopped = reason;
    for (const bucket of this.#buckets.pending()) refuseAll(bucket.pending, reason);
    for (const pooled of this.all()) {
      refuseAll(pooled.joined, reason);
      this.close(pooled);
    }
  }

  /** Closes without a dispatch: a request that makes room must not lose it to another. False if it was already closed. */
  #shut(pooled: PooledConnection): boolean {
    const closed = pooled.close();
    if (closed === undefined) return false;
    if (closed.wasUp) this.#options.closed(pooled);
    this.#buckets.sweep(pooled.bucket);
    return true;
  }

  #capacity(pooled: PooledConnection): number {
    return pooled.capacity(this.#options.limits().channelsPerConnection);
  }

  /** False if there is no place now; `itsTurn`: it may take room although others wait for room. */
  #place(bucket: PoolBucket, pending: PendingAcquire, itsTurn: boolean): boolean {
    const { purpose, avoid } = pending.request;
    const fits = (pooled: PooledConnection): boolean =>
      !pooled.retired &&
      !avoid.has(pooled) &&
      (purpose !== "session" || pooled.sessions < this.#capacity(pooled));
    const fitting = [...bucket.connections].filter(fits);
    const up = fitting.find(({ state }) => state === "up");
    if (up !== undefined) {
      up.reserve(purpose);
      pending.grant(up, true);
      return true;
    }
    const connecting = fitting.find(({ state }) => state === "connecting");
    if (connecting !== undefined) {
      connecting.join(pending);
      return true;
    }
    const mayTakeRoom = itsTurn || this.#buckets.pending().length === 0;
    if (!(mayTakeRoom && this.#makeRoom()) && purpose !== "bastion") return false;
    this.#open(bucket, pending);
    return true;
  }

  #open(bucket: PoolBucket, pending: PendingAcquire): void {
    const pooled = new PooledConnection(`c${(this.#lastConnection += 1)}`, bucket, pending.request.target);
    pooled.join(pending);
    const request: AcquireRequest = {
      ...pending.request,
      step: (message) => {
        for (const each of pooled.joined) each.request.step(message);
      },
      stage: (stage, hop) => pooled.progress(stage, hop),
      respondent: pooled.questions,
    };
    this.#options.connect(pooled, request, pooled.attempt).then(
      (connection) => this.#connected(pooled, connection),
      (reason: unknown) => this.#failed(pooled, reason),
    );
  }

  #connected(pooled: PooledConnection, connection: SshConnection): void {
    if (!pooled.connected(connection, this.#options.clock.now())) {
      connection.close();
      return;
    }
    pooled.usedAt(this.#options.clock.elapsed());
    this.#counted.opened += 1;
    connection.onClose(() => this.close(pooled));
    if (connection.closeReason !== undefined) return;
    this.#options.opened(pooled);
    for (const pending of pooled.joined) pending.grant(pooled, false);
    pooled.joined.clear();
    this.#dispatchSoon();
  }

  #failed(pooled: PooledConnection, reason: unknown): void {
    if (pooled.state !== "closed") this.#counted.failed += 1;
    const pending = new Set(pooled.joined);
    pooled.joined.clear();
    this.close(pooled);
    refuseAll(pending, asError(reason));
  }

  /** A request was cancelled; an attempt without any other request is given up. */
  #withdraw(pending: PendingAcquire): void {
    const bucket = this.#buckets.of(pending.request.target);
    bucket.pending.delete(pending);
    for (const pooled of bucket.connections) {
      if (!pooled.withdraw(pending)) continue;
      if (pooled.joined.size === 0 && pooled.state === "connecting") this.close(pooled);
    }
    this.#buckets.sweep(bucket);
  }

  #lease(pooled: PooledConnection, purpose: Purpose, reused: boolean): Lease {
    const freed = (): void => {
      this.#dispatchSoon();
      this.#rest(pooled);
    };
    return createLease({ pooled, purpose, reused, clock: this.#options.clock, freed });
  }

  /** An unused connection is kept for the next run, and one session is opened ahead for it; a retired one is closed. */
  #rest(pooled: PooledConnection): void {
    if (pooled.retired) {
      if (pooled.idle) this.close(pooled);
      return;
    }
    this.prepareSpare(pooled);
    this.#closeUnused(pooled);
  }

  /** Closes an idle connection once its last use is long enough ago. */
  #closeUnused(pooled: PooledConnection): void {
    if (!pooled.idle) return;
    const unusedMs = this.#options.clock.elapsed() - pooled.lastUsed;
    pooled.whenIdleFor(Math.max(0, this.#options.limits().idleMs - unusedMs), () => {
      this.#evict(pooled);
      this.#dispatchSoon();
    });
  }

  #evict(pooled: PooledConnection): void {
    if (!pooled.idle) return;
    this.#counted.evicted += 1;
    this.#shut(pooled);
  }

  /** Makes room for one more connection, if necessary by closing the one that was idle the longest. */
  #makeRoom(): boolean {
    const all = this.all();
    if (all.length < this.#options.limits().maxConnections) return true;
    const [oldest] = all.filter((pooled) => pooled.idle).sort((a, b) => a.lastUsed - b.lastUsed);
    if (oldest === undefined) return false;
    this.#evict(oldest);
    return true;
  }

  /** Deferred, since a connection is often closed or released in the middle of placing a request. */
  #dispatchSoon(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    queueMicrotask(() => {
      this.#dispatching = false;
      this.#dispatch();
    });
  }

  /** Places waiting requests, the first of each bucket first. */
  #dispatch(): void {
    for (const bucket of this.#buckets.pending()) {
      for (const pending of bucket.pending) {
        if (!this.#place(bucket, pending, true)) break;
        bucket.pending.delete(pending);
        pending.placed();
      }
    }
  }
}

function refuseAll(pending: Set<PendingAcquire>, reason: Error): void {
  for (const each of pending) each.refuse(reason);
  pending.clear();
}
