import type { Server } from "node:http";
import { join } from "node:path";
import { placeNames } from "../../protocol/places.ts";
import { AccessToken } from "../core/access-token.ts";
import type { Scope } from "../core/scope.ts";
import type { Access } from "../http/access.ts";
import { EventStreams } from "../http/event-streams.ts";
import { createHttpServer } from "../http/server.ts";
import { openStats } from "../http/stats.ts";
import { databaseProblem } from "../store/storage-errors.ts";
import type { DaemonContext } from "./context.ts";
import { createHandlers } from "./handlers.ts";
import type { Services } from "./services.ts";
import { statsSources } from "./stats.ts";

export interface Http {
  readonly token: AccessToken;
  readonly streams: EventStreams;
  /** Creates a server for one address, with its access rules. */
  readonly serve: (access: Access) => Server;
  /** Milliseconds since a client's last request; 0 while one reads a stream. */
  readonly quietMs: () => number;
}

/** Assembles what handles requests, for any address. */
export function openHttp(context: DaemonContext, services: Services, scope: Scope): Http {
  const { log, clock, settings } = context;
  const { cache } = services;
  const streams = new EventStreams(log);
  const token = new AccessToken(join(context.stateDirectory, placeNames.token));
  const connections = { open: 0, refused: 0, requestsTimedOut: 0 };
  const sources = { ...statsSources(context, services), streams: streams.metrics, connections };
  const stats = scope.own(openStats(sources));
  const handlers = createHandlers(context, services, { stats: stats.report, token });
  let askedAt = clock.elapsed();
  const serve = (access: Access): Server => {
    const limits = { limiter: cache.limiter, rateLimitPerMinute: () => settings.current.rateLimitPerMinute };
    const server = createHttpServer({
      access,
      ...limits,
      handlers,
      streams,
      connections,
      log,
      problemOf: databaseProblem,
    });
    return server.on("request", () => {
      askedAt = clock.elapsed();
    });
  };
  const quietMs = (): number => (streams.metrics.open > 0 ? 0 : clock.elapsed() - askedAt);
  return { token, streams, serve, quietMs };
}
