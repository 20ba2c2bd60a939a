import { visibleLine } from "../../protocol/visible.ts";
import type { RateLimiter } from "../core/rate-limiter.ts";
import type { Log } from "../core/log.ts";
import type { CacheMetrics, CountingCache } from "./cache.ts";
import { LookUps } from "./look-ups.ts";
import { createMemoryCache } from "./memory.ts";
import { createSharedRateLimiter } from "./rate-limiter.ts";
import { createRedisClient, type RedisClient } from "./redis-client.ts";

/** How long a run may wait: a slower cache is no use for runs that take a few milliseconds. */
const maxWaitMs = 40;
/** How long Redis is not used after it failed to respond. */
const pauseMs = 1000;
const prefix = "hostrun:";

/**
 * The cache in Redis, backed by the embedded one: while Redis is down or slow, entries come from the embedded cache, and
 * no run waits for Redis longer than 40 ms, once a second at most.
 */
export function openRedisCache(url: string, log: Log): CountingCache {
  return new RedisCache(createRedisClient(url), log);
}

class RedisCache implements CountingCache {
  readonly limiter: RateLimiter;
  readonly #redis: RedisClient;
  readonly #log: Log;
  readonly #fallback = createMemoryCache();
  readonly #lookUps = new LookUps();
  #pausedUntil = 0;
  #away = false;
  #refusal: string | null = null;

  constructor(redis: RedisClient, log: Log) {
    this.#redis = redis;
    this.#log = log;
    const shared = createSharedRateLimiter(redis);
    this.limiter = {
      take: async (client, perMinute) =>
        (await this.#attempt(() => shared.take(client, perMinute))) ??
        (await this.#fallback.limiter.take(client, perMinute)),
    };
    redis.on("ready", () => {
      this.#away = false;
      this.#pausedUntil = 0;
      log.info("Redis is connected");
    });
    redis.on("error", (failure) => this.#logUnavailable(failure));
  }

  async get(key: string): Promise<string | undefined> {
    // Redis may have refused to store what it does not have.
    const value =
      (await this.#attempt(async () => (await this.#redis.get(prefix + key)) ?? undefined)) ??
      (await this.#fallback.get(key));
    this.#lookUps.count(key, value !== undefined);
    return value;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    // Also stored here, in case Redis does not respond in time.
    await this.#fallback.set(key, value, ttlMs);
    await this.#attempt(async () => {
      await this.#redis.set(prefix + key, value, "PX", ttlMs);
      this.#refusal = null;
    });
  }

  async delete(key: string): Promise<void> {
    await this.#fallback.delete(key);
    await this.#attempt(() => this.#redis.del(prefix + key));
  }

  metrics(): CacheMetrics {
    const { evictions, sizeBytes } = this.#fallback.metrics();
    const counts = { ...this.#lookUps.report(), evictions, sizeBytes };
    return { backend: "redis", connected: this.#up(), ...counts, problem: this.#refusal };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
    await this.#fallback[Symbol.asyncDispose]();
  }

  #up(): boolean {
    return this.#redis.status === "ready" && performance.now() >= this.#pausedUntil;
  }

  /** undefined if Redis is down or refuses; a refusal is a response, and causes no pause. */
  async #attempt<T>(command: () => Promise<T>): Promise<T | undefined> {
    if (!this.#up()) return undefined;
    try {
      return await inTime(command());
    } catch (failure) {
      if (failure instanceof Error && failure.name === "ReplyError") this.#refuses(failure.message);
      else {
        this.#pausedUntil = performance.now() + pauseMs;
        this.#logUnavailable(failure);
      }
      return undefined;
    }
  }

  /** E.g. out of memory, a read-only replica, still loading, or another type under our key. */
  #refuses(why: string): void {
    if (this.#refusal === null) this.#log.warn("Redis refuses; the embedded cache serves meanwhile", { why });
    this.#refusal = visibleLine(why, 120);
  }

  /** Logged once, until it is back. */
  #logUnavailable(failure: unknown): void {
    if (!this.#away)
      this.#log.warn("Redis does not answer; the embedded cache serves meanwhile", { failure });
    this.#away = true;
  }
}

/** Rejects if it takes too long; a later result is ignored. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`No answer within ${maxWaitMs} ms`)), maxWaitMs);
  return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer));
}
