import type { Log } from "../core/log.ts";
import type { RateLimiter } from "../core/rate-limiter.ts";
import type { CacheMetrics, CountingCache } from "./cache.ts";
import { createMemoryCache } from "./memory.ts";
import { openRedisCache } from "./redis.ts";
import type { SealSecret } from "./seal.ts";

/** The cache that the setting `redisUrl` names at present. Another one starts empty, with figures of its own. */
export class ChosenCache implements CountingCache {
  readonly #secret: SealSecret;
  readonly #log: Log;
  #url: string | null;
  #cache: CountingCache;
  readonly limiter: RateLimiter = {
    take: (client, perMinute) => this.#cache.limiter.take(client, perMinute),
  };

  /** `secret` seals what is kept in Redis. */
  constructor(url: string | null, secret: SealSecret, log: Log) {
    this.#secret = secret;
    this.#log = log;
    this.#url = url;
    this.#cache = this.#open(url);
  }

  /** Moves to another cache if the URL is another one. */
  use(url: string | null): void {
    if (url === this.#url) return;
    const former = this.#cache;
    this.#url = url;
    this.#cache = this.#open(url);
    void former[Symbol.asyncDispose]();
  }

  get(key: string, isUsable?: (value: string) => boolean): Promise<string | undefined> {
    return this.#cache.get(key, isUsable);
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.#cache.set(key, value, ttlMs);
  }

  delete(key: string): Promise<void> {
    return this.#cache.delete(key);
  }

  check(): Promise<void> {
    return this.#cache.check();
  }

  metrics(): CacheMetrics {
    return this.#cache.metrics();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#cache[Symbol.asyncDispose]();
  }

  #open(url: string | null): CountingCache {
    return url === null ? createMemoryCache() : openRedisCache(url, this.#secret, this.#log);
  }
}
