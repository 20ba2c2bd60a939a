import type { RateLimiter } from "../core/rate-limiter.ts";
import type { Cache } from "../runs/result-cache.ts";

export interface CacheMetrics {
  readonly backend: "memory" | "redis";
  /** Whether the backend answers; the embedded one always does. */
  readonly connected: boolean;
  readonly hits: number;
  readonly misses: number;
}

/** A cache that counts. It never fails: what can't be read is a miss, what can't be written is forgotten. */
export interface CountingCache extends Cache, AsyncDisposable {
  metrics(): CacheMetrics;
  /** Counts where the cache keeps. */
  readonly limiter: RateLimiter;
}
