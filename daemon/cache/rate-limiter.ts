import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimiter } from "../core/rate-limiter.ts";
import type { RedisClient } from "./redis-client.ts";

const minute = { duration: 60 };

/** Shared with other daemons if there is Redis; counted locally while Redis does not respond. */
export function createRateLimiter(redis: RedisClient | undefined): RateLimiter {
  let limiter = limiterOf(0, redis);
  return {
    take: async (client, perMinute) => {
      if (limiter.points !== perMinute) limiter = limiterOf(perMinute, redis);
      try {
        return limitOf(await limiter.consume(client), true);
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return limitOf(refused, false);
        throw refused;
      }
    },
  };
}

function limiterOf(points: number, redis: RedisClient | undefined): RateLimiterMemory | RateLimiterRedis {
  const memory = new RateLimiterMemory({ points, ...minute });
  if (redis === undefined) return memory;
  const storeClient = redis;
  return new RateLimiterRedis({
    storeClient,
    keyPrefix: "hostrun:rate",
    insuranceLimiter: memory,
    points,
    ...minute,
  });
}

function limitOf({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean) {
  return { allowed, remaining: Math.max(0, remainingPoints), resetMs: msBeforeNext };
}
