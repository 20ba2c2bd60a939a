import { Redis } from "ioredis";
import { backOffMs } from "../core/back-off.ts";
import type { RateLimiter } from "../core/rate-limiter.ts";
import type { Log } from "../core/log.ts";
import type { CacheMetrics, CountingCache } from "./cache.ts";
import { createMemoryCache } from "./memory.ts";
import { createRateLimiter } from "./rate-limiter.ts";

const commandTimeoutMs = 200;
/** How long Redis is left alone after it failed to answer. */
const pauseMs = 1000;
const prefix = "hostrun:";

/**
 * The cache in Redis, with the embedded one behind it: while Redis is away or slow, answers come from here
 * and no run waits for it longer than 200 ms once a second.
 */
export function openRedisCache(url: string, log: Log): CountingCache {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2000,
    retryStrategy: (times) => backOffMs(times, { firstMs: 400, maxMs: 5000 }),
  });
  return new RedisCache(redis, log);
}

class RedisCache implements CountingCache {
  readonly limiter: RateLimiter;
  readonly #redis: Redis;
  readonly #log: Log;
  readonly #fallback = createMemoryCache();
  #hits = 0;
  #misses = 0;
  #pausedUntil = 0;
  #away = false;

  constructor(redis: Redis, log: Log) {
    this.#redis = redis;
    this.limiter = createRateLimiter(redis);
    this.#log = log;
    redis.on("ready", () => {
      this.#away = false;
      this.#pausedUntil = 0;
      log.info("Redis is connected");
    });
    redis.on("error", (failure) => this.#tellAway(failure));
  }

  async get(key: string): Promise<string | undefined> {
    const value = await this.#attempt(
      async () => (await this.#redis.get(prefix + key)) ?? undefined,
      async () => this.#fallback.get(key),
    );
    if (value === undefined) this.#misses++;
    else this.#hits++;
    return value;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#attempt(
      async () => void (await this.#redis.set(prefix + key, value, "PX", ttlMs)),
      async () => this.#fallback.set(key, value, ttlMs),
    );
  }

  async delete(key: string): Promise<void> {
    await this.#fallback.delete(key);
    await this.#attempt(
      async () => void (await this.#redis.del(prefix + key)),
      async () => undefined,
    );
  }

  metrics(): CacheMetrics {
    return { backend: "redis", connected: this.#up(), hits: this.#hits, misses: this.#misses };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await this.#fallback[Symbol.asyncDispose]();
  }

  #up(): boolean {
    return this.#redis.status === "ready" && performance.now() >= this.#pausedUntil;
  }

  async #attempt<T>(command: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
    if (!this.#up()) return otherwise();
    try {
      return await command();
    } catch (failure) {
      this.#pausedUntil = performance.now() + pauseMs;
      this.#tellAway(failure);
      return otherwise();
    }
  }

  /** Once, until it is back. */
  #tellAway(failure: unknown): void {
    if (!this.#away)
      this.#log.warn("Redis does not answer; the embedded cache serves meanwhile", { failure });
    this.#away = true;
  }
}
