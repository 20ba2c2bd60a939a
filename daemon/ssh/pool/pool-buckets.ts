import { identityOf, type LoginTarget } from "../auth/credentials.ts";
import type { PoolBucket, PooledConnection } from "./pooled-connection.ts";

/** The buckets that have connections, or requests that wait for one. */
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

  /** Forgets a bucket that has become empty. */
  sweep(bucket: PoolBucket): void {
    if (bucket.connections.size === 0 && bucket.pending.size === 0) this.#buckets.delete(bucket.key);
  }

  connections(): PooledConnection[] {
    return [...this.#buckets.values()].flatMap((bucket) => [...bucket.connections]);
  }

  /** Those with requests that wait, in the order of their first. */
  pending(): PoolBucket[] {
    const firstOf = (bucket: PoolBucket): number => [...bucket.pending][0]?.request.order ?? 0;
    const buckets = [...this.#buckets.values()].filter((bucket) => bucket.pending.size > 0);
    return buckets.sort((a, b) => firstOf(a) - firstOf(b));
  }
}

const keys = new WeakMap<LoginTarget, string>();

/**
 * Connections may be shared where this is the same: where, by which way, and who would be logged in. No two targets share
 * it whatever their names hold.
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
    // A login that fails is told by these.
    hop.identityFiles,
    hop.identitiesOnly,
    // A key that one host's policy took without asking must not let another in that would have asked.
    hop.hostKeyPolicy,
    hop.settings,
  ]);
  return JSON.stringify(hops);
}
