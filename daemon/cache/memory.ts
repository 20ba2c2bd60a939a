import { LRUCache } from "lru-cache";
import type { CountingCache } from "./cache.ts";
import { LookUps } from "./look-ups.ts";
import { createRateLimiter } from "./rate-limiter.ts";

const entries = 10_000;
const bytes = 16 * 1024 * 1024;

/** The embedded cache: in the daemon's memory, bounded, and lost when it exits. */
export function createMemoryCache(): CountingCache {
  let evictions = 0;
  const kept = new LRUCache<string, string>({
    max: entries,
    maxSize: bytes,
    // Two bytes a character at most, plus V8's overhead for an entry.
    sizeCalculation: (value, key) => 2 * (value.length + key.length) + 100,
    dispose: (_value, _key, reason) => {
      if (reason === "evict") evictions += 1;
    },
  });
  const lookUps = new LookUps();
  return {
    limiter: createRateLimiter(),
    get: async (key, isUsable = () => true) => {
      const value = kept.get(key);
      const found = value !== undefined && isUsable(value) ? value : undefined;
      lookUps.count(key, found !== undefined);
      return found;
    },
    set: async (key, value, ttlMs) => {
      kept.set(key, value, { ttl: ttlMs });
    },
    delete: async (key) => {
      kept.delete(key);
    },
    check: async () => undefined,
    metrics: () => ({
      backend: "memory",
      connected: true,
      ...lookUps.report(),
      evictions,
      sizeBytes: kept.calculatedSize,
      problem: null,
    }),
    [Symbol.asyncDispose]: async () => kept.clear(),
  };
}
