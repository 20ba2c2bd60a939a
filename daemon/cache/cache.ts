import type { RateLimiter } from "../core/rate-limiter.ts";
import type { LookUpCounts } from "./look-ups.ts";
import type { Cache } from "../runs/result-cache.ts";

export interface CacheMetrics extends LookUpCounts {
  readonly backend: "memory" | "redis";
  /** Whether the backend answers; the embedded one always does. */
  readonly connected: boolean;
  /** Entries that had to make room for others; of the embedded cache. */
  readonly evictions: number;
  /** What the embedded cache holds, also while it stands in for another. */
  readonly sizeBytes: number;
  /** Why the backend takes nothing at present, in its own words; null while it does. */
  readonly problem: string | null;
}

/** A cache that counts. It never fails: what can't be read is a miss, what can't be written is forgotten. */
export interface CountingCache extends Cache, AsyncDisposable {
  metrics(): CacheMetrics;
  /** Counts where the cache keeps. */
  readonly limiter: RateLimiter;
}
