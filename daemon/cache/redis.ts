import { visibleLine } from "../../protocol/visible.ts";
import type { RateLimiter } from "../core/rate-limiter.ts";
import type { Log } from "../core/log.ts";
import type { CacheMetrics, CountingCache } from "./cache.ts";
import { onForeignAnswer } from "./foreign-answer.ts";
import { LookUps } from "./look-ups.ts";
import { createMemoryCache } from "./memory.ts";
import { createSharedRateLimiter } from "./rate-limiter.ts";
import { createRedisClient, type RedisClient } from "./redis-client.ts";
import { Seal } from "./seal.ts";

/** How long a run may wait: a slower cache is no use for runs that take a few milliseconds. */
const maxWaitMs = 40;
/** How long Redis is not used after it failed to respond, until it is asked again. */
const pauseMs = 1000;
const prefix = "hostrun:";

/**
 * The cache in Redis, backed by the embedded one: while Redis is down or slow, entries come from the embedded cache, and
 * no run waits for Redis longer than 40 ms, once a second at most. What others have put under our keys is a miss, since
 * entries are sealed with `secret`.
 */
export function openRedisCache(url: string, secret: string, log: Log): CountingCache {
  return new RedisCache(createRedisClient(url), new Seal(secret), log);
}

class RedisCache implements CountingCache {
  readonly limiter: RateLimiter;
  readonly #redis: RedisClient;
  readonly #seal: Seal;
  readonly #log: Log;
  readonly #fallback = createMemoryCache();
  readonly #lookUps = new LookUps();
  /** Runs while Redis is left alone. */
  #pause: NodeJS.Timeout | undefined;
  /** Why Redis cannot be used. */
  #absence: string | null = null;
  /** Why the present connection does not lead to Redis. */
  #foreign: string | undefined;
  #refusal: string | null = null;
  #disposed = false;

  constructor(redis: RedisClient, seal: Seal, log: Log) {
    this.#redis = redis;
    this.#seal = seal;
    this.#log = log;
    const shared = createSharedRateLimiter(redis);
    this.limiter = {
      take: async (client, perMinute) =>
        (await this.#attempt(() => shared.take(client, perMinute))) ??
        (await this.#fallback.limiter.take(client, perMinute)),
    };
    redis.on("ready", () => {
      this.#isBack();
      log.info("Redis is connected");
    });
    redis.on("error", (failure) => this.#isAway(failure));
    redis.on("close", () => {
      // Errors come before this, and say more.
      if (this.#absence === null && !this.#disposed)
        this.#isAway(new Error("The server closed the connection"));
      this.#foreign = undefined;
    });
    onForeignAnswer(redis, (why) => {
      this.#foreign = why;
    });
  }

  async get(key: string, isUsable = (_value: string) => true): Promise<string | undefined> {
    const stored = this.#seal.opened(key, (await this.#attempt(() => this.#redis.get(prefix + key))) ?? "");
    // Redis may have refused to store what it does not have, or something else has been put there.
    const value = stored !== undefined && isUsable(stored) ? stored : await this.#fallback.get(key, isUsable);
    this.#lookUps.count(key, value !== undefined);
    return value;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    // Also stored here, in case Redis does not respond in time.
    await this.#fallback.set(key, value, ttlMs);
    await this.#attempt(async () => {
      await this.#redis.set(prefix + key, this.#seal.sealed(key, value), "PX", ttlMs);
      this.#refusal = null;
    });
  }

  async delete(key: string): Promise<void> {
    await this.#fallback.delete(key);
    await this.#attempt(() => this.#redis.del(prefix + key));
  }

  async check(): Promise<void> {
    await this.#attempt(() => this.#redis.ping());
  }

  metrics(): CacheMetrics {
    const { evictions, sizeBytes } = this.#fallback.metrics();
    const counts = { ...this.#lookUps.report(), evictions, sizeBytes };
    return { backend: "redis", connected: this.#up(), ...counts, problem: this.#absence ?? this.#refusal };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#pause);
    this.#redis.disconnect();
    await this.#fallback[Symbol.asyncDispose]();
  }

  #up(): boolean {
    return this.#redis.status === "ready" && this.#pause === undefined;
  }

  /** undefined if Redis is down or refuses. */
  async #attempt<T>(command: () => Promise<T>): Promise<T | undefined> {
    return this.#up() ? this.#ask(command) : undefined;
  }

  /** A refusal is a response, and causes no pause. */
  async #ask<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      const value = await inTime(command());
      this.#isBack();
      return value;
    } catch (failure) {
      if (failure instanceof Error && failure.name === "ReplyError") {
        this.#isBack();
        this.#refuses(failure.message);
      } else {
        this.#isAway(failure);
        this.#leaveAlone();
      }
      return undefined;
    }
  }

  /** For a while; then Redis is asked whether it responds, so that no run has to find out. */
  #leaveAlone(): void {
    clearTimeout(this.#pause);
    if (this.#disposed) return;
    this.#pause = setTimeout(() => void this.#ask(() => this.#redis.ping()), pauseMs).unref();
  }

  #isBack(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#absence = null;
  }

  /** E.g. out of memory, a read-only replica, still loading, or another type under our key. */
  #refuses(why: string): void {
    if (this.#refusal === null) this.#log.warn("Redis refuses; the embedded cache serves meanwhile", { why });
    this.#refusal = visibleLine(why, 120);
  }

  /** Logged once, until it is back. */
  #isAway(failure: unknown): void {
    if (this.#absence === null)
      this.#log.warn("Redis does not answer; the embedded cache serves meanwhile", { failure });
    this.#absence = this.#foreign ?? visibleLine(reasonOf(failure), 120);
  }
}

/** OpenSSL's own texts are for those who develop it. An attempt at several addresses fails with an error that has a code, but no message. */
function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  if ("code" in failure && failure.code === "ERR_SSL_WRONG_VERSION_NUMBER")
    return "The server does not answer with TLS, which rediss:// requires";
  if (failure.message !== "") return failure.message;
  return "code" in failure ? String(failure.code) : failure.name;
}

/** Rejects if it takes too long; a later result is ignored. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`No answer within ${maxWaitMs} ms`)), maxWaitMs);
  return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer));
}
