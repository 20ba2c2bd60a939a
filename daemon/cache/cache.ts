import type { RateLimiter } from "../core/rate-limiter.ts";
import type { LookUpCounts } from "./look-ups.ts";
import type { Cache } from "../runs/result-cache.ts";

export interface CacheMetrics extends LookUpCounts {
  readonly backend: "memory" | "redis";
  /** Whether the backend responds; the embedded one always does. */
  readonly connected: boolean;
  /** Entries evicted to make room for others, in the embedded cache. */
  readonly evictions: number;
  /** The size of the embedded cache, which also serves as the fallback of another backend. */
  readonly sizeBytes: number;
  /** Why the backend is not used, or accepts nothing, at present; null while all is well. */
  readonly problem: string | null;
}

/** A cache with metrics. It never fails: what can't be read is a miss, what can't be written is dropped. */
export interface CountingCache extends Cache, AsyncDisposable {
  metrics(): CacheMetrics;
  /** Asks the backend whether it responds, so that the metrics tell the present state. */
  check(): Promise<void>;
  /** Counts in the same backend as the cache. */
  readonly limiter: RateLimiter;
}
