import { Redis } from "ioredis";
import type { Log } from "../core/log.ts";
import type { CountingCache } from "./cache.ts";
import { createMemoryCache } from "./memory.ts";

const commandTimeoutMs = 200;
/** How long Redis is left alone after it failed to answer. */
const pauseMs = 1000;
const prefix = "hostrun:";

/**
 * The cache in Redis, with the embedded one behind it: while Redis is away or slow, answers come from here
 * and no run waits for it longer than 200 ms once a second.
 */
export function openRedisCache(url: string, log: Log): CountingCache {
  const fallback = createMemoryCache();
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2000,
    retryStrategy: (times) => Math.min(200 * 2 ** times, 5000),
  });
  let hits = 0;
  let misses = 0;
  let pausedUntil = 0;
  let told = false;
  redis.on("ready", () => {
    told = false;
    pausedUntil = 0;
    log.info("Redis is connected");
  });
  redis.on("error", (failure) => {
    if (!told) log.warn("Redis does not answer; the embedded cache serves meanwhile", { failure });
    told = true;
  });
  const up = (): boolean => redis.status === "ready" && performance.now() >= pausedUntil;
  const attempt = async <T>(command: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> => {
    if (!up()) return otherwise();
    try {
      return await command();
    } catch (failure) {
      pausedUntil = performance.now() + pauseMs;
      log.warn("Redis failed to answer; the embedded cache serves meanwhile", { failure });
      return otherwise();
    }
  };
  return {
    get: async (key) => {
      const value = await attempt(
        async () => (await redis.get(prefix + key)) ?? undefined,
        () => fallback.get(key),
      );
      if (value === undefined) misses++;
      else hits++;
      return value;
    },
    set: async (key, value, ttlMs) => {
      await attempt(
        async () => {
          await redis.set(prefix + key, value, "PX", ttlMs);
        },
        () => fallback.set(key, value, ttlMs),
      );
    },
    delete: async (key) => {
      await fallback.delete(key);
      await attempt(
        async () => {
          await redis.del(prefix + key);
        },
        async () => undefined,
      );
    },
    figures: () => ({ backend: "redis", connected: up(), hits, misses }),
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      await fallback[Symbol.asyncDispose]();
    },
  };
}
