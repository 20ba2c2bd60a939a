import type Koa from "koa";
import type { RateLimiter } from "../core/rate-limiter.ts";
import { formatCount } from "../../protocol/count.ts";
import { Problem } from "../../protocol/problem.ts";

/** Limits requests that use SSH immediately: starting or repeating runs and jobs, and testing hosts. */
export function limitRate(limiter: RateLimiter, perMinute: () => number): Koa.Middleware {
  return async (context, next) => {
    const limit = perMinute();
    if (limit > 0 && isLimited(context)) {
      const taken = await limiter.take(context.req.socket.remoteAddress ?? "", limit);
      const seconds = String(Math.ceil(taken.resetMs / 1000));
      context.set({
        "RateLimit-Limit": String(limit),
        "RateLimit-Remaining": String(taken.remaining),
        "RateLimit-Reset": seconds,
      });
      if (!taken.allowed) {
        throw new Problem(
          "rate_limited",
          `More than ${formatCount(limit, "command")} a minute over TCP (rateLimitPerMinute). Try again in ${seconds} s.`,
          { retryAfterMs: taken.resetMs },
        );
      }
    }
    await next();
  };
}

/** In any spelling that the router accepts. */
const limitedPaths = /^\/api\/(?:ssh\/.*|(?:runs|jobs)(?:\/[^/]+\/rerun)?\/?|hosts\/[^/]+\/test\/?)$/i;

function isLimited({ method, path }: Koa.Context): boolean {
  return limitedPaths.test(path) && (method === "POST" || /^\/api\/ssh\//i.test(path));
}
