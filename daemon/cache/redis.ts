import { visibleLine } from "../../protocol/visible.ts";
import type { RateLimiter } from "../core/rate-limiter.ts";
import type { Log } from "../core/log.ts";
import type { CacheMetrics, CountingCache } from "./cache.ts";
import { LookUps } from "./look-ups.ts";
import { createMemoryCache } from "./memory.ts";
import { createSharedRateLimiter } from "./rate-limiter.ts";
import { createRedisClient, type RedisClient } from "./redis-client.ts";
import { explainAbsence } from "./redis-explanation.ts";
import { Seal, type SealSecret } from "./seal.ts";

/** How long a run may wait: a slower cache is no use for runs that take a few milliseconds. */
const maxWaitMs = 40;
/** How long Redis is not used after it failed to respond, until it is asked again. */
const pauseMs = 1000;
const prefix = "hostrun:";

/**
 * The cache in Redis, backed by the embedded one: while Redis is down or slow, entries come from the embedded cache, and
 * no run waits for Redis longer than 40 ms, once a second at most. What others have put under our keys is a miss, since
 * entries are sealed with `secret`. It is renewed whenever Redis may hold an older entry than was to be there: when it
 * did not take a write, and when it was away, since it may come back with what it had earlier.
 */
export function openRedisCache(url: string, secret: SealSecret, log: Log): CountingCache {
  return new RedisCache(url, secret, log);
}

class RedisCache implements CountingCache {
  readonly limiter: RateLimiter;
  readonly #url: string;
  readonly #redis: RedisClient;
  readonly #secret: SealSecret;
  readonly #seal: Seal;
  readonly #log: Log;
  readonly #fallback = createMemoryCache();
  readonly #lookUps = new LookUps();
  /** Runs while Redis is left alone. */
  #pause: NodeJS.Timeout | undefined;
  /** Why Redis cannot be used. */
  #absence: string | null = null;
  #isExplaining = false;
  #refusal: string | null = null;
  /** Whether Redis may hold entries that are sealed with the present secret. */
  #mayHold = true;
  readonly #disposed = new AbortController();

  constructor(url: string, secret: SealSecret, log: Log) {
    const redis = createRedisClient(url);
    this.#url = url;
    this.#redis = redis;
    this.#secret = secret;
    this.#seal = new Seal(secret);
    this.#log = log;
    const shared = createSharedRateLimiter(redis);
    this.limiter = {
      take: async (client, perMinute) =>
        (await this.#attempt(() => shared.take(client, perMinute), `${prefix}rate:${client}`)) ??
        (await this.#fallback.limiter.take(client, perMinute)),
    };
    redis.on("ready", () => {
      this.#isBack();
      log.info("Redis is connected");
    });
    for (const event of ["error", "close"])
      redis.on(event, (failure?: unknown) => {
        if (this.#disposed.signal.aborted) return;
        this.#isAway(this.#absence ?? "Redis does not answer", failure);
        void this.#explain();
      });
  }

  async get(key: string, isUsable = (_value: string) => true): Promise<string | undefined> {
    const sealed = await this.#attempt(() => this.#redis.get(prefix + key), prefix + key);
    const stored = this.#seal.opened(key, sealed ?? "");
    // Redis may have refused to store what it does not have, or something else has been put there.
    const value = stored !== undefined && isUsable(stored) ? stored : await this.#fallback.get(key, isUsable);
    this.#lookUps.count(key, value !== undefined);
    return value;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    // Also stored here, in case Redis does not respond in time.
    await this.#fallback.set(key, value, ttlMs);
    await this.#write(async () => {
      await this.#redis.set(prefix + key, this.#seal.sealed(key, value), "PX", ttlMs);
      this.#refusal = null;
    });
  }

  async delete(key: string): Promise<void> {
    await this.#fallback.delete(key);
    await this.#write(() => this.#redis.del(prefix + key));
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
    this.#disposed.abort();
    clearTimeout(this.#pause);
    this.#redis.disconnect();
    await this.#fallback[Symbol.asyncDispose]();
  }

  #up(): boolean {
    return this.#redis.status === "ready" && this.#pause === undefined;
  }

  async #write(command: () => Promise<unknown>): Promise<void> {
    const isWritten = await this.#attempt(() => command().then(() => true));
    if (isWritten === true) this.#mayHold = true;
    else if (this.#mayHold) this.#outdate();
  }

  /** From now on nothing is accepted that Redis has, or gets from a command that it still has to carry out. */
  #outdate(): void {
    this.#mayHold = false;
    this.#secret.renew();
  }

  /** undefined if Redis is down or refuses. Something of another type under `key` is removed. */
  async #attempt<T>(command: () => Promise<T>, key?: string): Promise<T | undefined> {
    return this.#up() ? this.#ask(command, key) : undefined;
  }

  /** A refusal is a response, and causes no pause. */
  async #ask<T>(command: () => Promise<T>, key?: string): Promise<T | undefined> {
    try {
      const value = await inTime(command());
      this.#isBack();
      return value;
    } catch (failure) {
      if (failure instanceof Error && failure.name === "ReplyError") {
        this.#isBack();
        if (key !== undefined && /\bWRONGTYPE\b/.test(failure.message))
          void this.#attempt(() => this.#redis.del(key));
        else this.#refuses(failure.message);
      } else {
        // It may be carried out later.
        this.#mayHold = true;
        const isLate = failure instanceof LateAnswer;
        this.#isAway(isLate ? failure.message : "The connection to Redis was lost", failure);
        if (!isLate) void this.#explain();
        this.#leaveAlone();
      }
      return undefined;
    }
  }

  /** For a while; then Redis is asked whether it responds, so that no run has to find out. */
  #leaveAlone(): void {
    clearTimeout(this.#pause);
    if (this.#disposed.signal.aborted) return;
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
  #isAway(why: string, failure: unknown): void {
    if (this.#absence === null) {
      this.#log.warn("Redis does not answer; the embedded cache serves meanwhile", { failure });
      this.#outdate();
    }
    this.#absence = why;
  }

  /** The client's errors are for those who program with it, and are only logged. */
  async #explain(): Promise<void> {
    if (this.#isExplaining) return;
    this.#isExplaining = true;
    const explaining = explainAbsence(this.#url, this.#disposed.signal);
    const why = await explaining.finally(() => {
      this.#isExplaining = false;
    });
    if (why !== undefined && this.#absence !== null) this.#absence = visibleLine(why);
  }
}

class LateAnswer extends Error {}

/** Rejects if it takes too long; a later result is ignored. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new LateAnswer(`No answer within ${maxWaitMs} ms`)), maxWaitMs);
  return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer));
}
