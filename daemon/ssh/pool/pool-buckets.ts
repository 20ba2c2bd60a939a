import { identityOf, type LoginTarget } from "../auth/credentials.ts";
import type { PoolBucket, PooledConnection } from "./pooled-connection.ts";

/** The buckets that have connections or waiting requests. */
export class PoolBuckets {
  readonly #buckets = new Map<string, PoolBucket>();

  of(target: LoginTarget): PoolBucket {
    const key = bucketKey(target);
    const bucket = this.#buckets.get(key) ?? {
      key,
      connections: new Set(),
      pending: new Set(),
      sessionLimit: Infinity,
    };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Removes a bucket that has become empty. */
  sweep(bucket: PoolBucket): void {
    if (bucket.connections.size === 0 && bucket.pending.size === 0) this.#buckets.delete(bucket.key);
  }

  connections(): PooledConnection[] {
    return [...this.#buckets.values()].flatMap((bucket) => [...bucket.connections]);
  }

  /** Buckets with waiting requests, ordered by the first request of each. */
  pending(): PoolBucket[] {
    const firstOf = (bucket: PoolBucket): number => [...bucket.pending][0]?.request.order ?? 0;
    const buckets = [...this.#buckets.values()].filter((bucket) => bucket.pending.size > 0);
    return buckets.sort((a, b) => firstOf(a) - firstOf(b));
  }
}

const keys = new WeakMap<LoginTarget, string>();

/**
 * Connections may be shared if this is the same: the destination, the route, and the login. No two different targets have
 * the same key, whatever their names contain.
 */
export function bucketKey(target: LoginTarget): string {
  const key = keys.get(target) ?? keyOf(target);
  keys.set(target, key);
  return key;
}

function keyOf(target: LoginTarget): string {
  const hops = [...target.jump, target].map((hop) => [
    hop.user,
    hop.address,
    hop.port,
    identityOf(hop.credentials),
    // The Problem of a failed login mentions these.
    hop.identityFiles,
    hop.identitiesOnly,
    // A key that one host's policy accepted without asking must not apply to a host that would have asked.
    hop.hostKeyPolicy,
    hop.settings,
  ]);
  return JSON.stringify(hops);
}
