import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimiter } from "../core/rate-limiter.ts";
import type { RedisClient } from "./redis-client.ts";

const minute = { duration: 60 };

/** Counts in the daemon's memory. */
export function createRateLimiter(): RateLimiter {
  return countIn((points) => new RateLimiterMemory({ points, ...minute }));
}

/** Counts in Redis, together with other daemons; rejects if Redis does not respond or refuses. */
export function createSharedRateLimiter(redis: RedisClient): RateLimiter {
  const place = { storeClient: redis, keyPrefix: "hostrun:rate" };
  return countIn((points) => new RateLimiterRedis({ ...place, points, ...minute }));
}

function countIn(create: (points: number) => RateLimiterMemory | RateLimiterRedis): RateLimiter {
  let limiter = create(0);
  return {
    take: async (client, perMinute) => {
      if (limiter.points !== perMinute) limiter = create(perMinute);
      try {
        return limitOf(await limiter.consume(client), true);
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return limitOf(refused, false);
        throw refused;
      }
    },
  };
}

function limitOf({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean) {
  return { allowed, remaining: Math.max(0, remainingPoints), resetMs: msBeforeNext };
}
