import { createServer, type Server } from "node:http";
import Koa from "koa";
import { api } from "../../protocol/api.ts";
import type { Endpoint } from "../../protocol/endpoint.ts";
import { internalProblem } from "../../protocol/internal-problem.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Log } from "../core/log.ts";
import { requestIdOf, withRequestId } from "../core/request-id.ts";
import type { RateLimiter } from "../core/rate-limiter.ts";
import { discardBody, hasBody } from "./body.ts";
import { type Access, accessRefusal } from "./access.ts";
import { maxHeaders } from "./caller.ts";
import { compressJson } from "./compression.ts";
import { type ConnectionCounts, limitConnections } from "./connection-limit.ts";
import { createRouter } from "./dispatch.ts";
import { respondToConnect, respondToParserRefusals } from "./parser-refusals.ts";
import { limitRate } from "./rate-limit.ts";
import type { Handlers } from "./request-context.ts";
import { securityHeaders } from "./security-headers.ts";
import type { EventStreams } from "./event-streams.ts";

export interface HttpParts {
  readonly access: Access;
  /** For requests over TCP. */
  readonly limiter: RateLimiter;
  readonly rateLimitPerMinute: () => number;
  readonly handlers: Handlers;
  readonly streams: EventStreams;
  readonly connections: ConnectionCounts;
  readonly log: Log;
  /** The problem for a failure that is not a Problem, if there is one. */
  readonly problemOf: (failure: unknown) => Problem | undefined;
}

const maxLoggedPath = 1000;

/** The HTTP server of the API, not yet listening. */
export function createHttpServer(parts: HttpParts): Server {
  const { access } = parts;
  const app = new Koa();
  app.on("error", (failure) => parts.log.debug("A client left in the middle of a response", { failure }));
  app.use((context, next) => {
    const id = requestIdOf(context.get("X-Request-Id") || undefined);
    context.set("X-Request-Id", id);
    return withRequestId(id, next);
  });
  app.use(async (context, next) => {
    const began = performance.now();
    context.set(securityHeaders);
    try {
      const refusal = accessRefusal(context.req, access);
      if (refusal !== undefined) throw refusal;
      context.url = originForm(context.url);
      await next();
      if (context.status === 404 && context.respond !== false) throw noSuchPath(context);
    } catch (failure) {
      respondWithProblem(context, failure, parts);
    }
    logResponse(context, performance.now() - began, parts.log);
  });
  if (access.by === "address") {
    app.use(limitRate(parts.limiter, parts.rateLimitPerMinute));
    app.use(compressJson);
  }
  app.use(createRouter(parts.handlers, parts.streams).routes());
  const respond = app.callback();
  const server = createServer(
    // The server sets no time limit on whole requests: standard input of a run may be sent for days.
    {
      keepAliveTimeout: 120_000,
      headersTimeout: 10_000,
      requestTimeout: 0,
      connectionsCheckingInterval: 2000,
      // Otherwise Node would respond without a body before the request is checked here.
      requireHostHeader: false,
    },
    (request, response) => {
      if (hasBody(request)) response.once("finish", () => discardBody(request));
      void respond(request, response);
    },
  );
  server.maxHeadersCount = maxHeaders;
  // Otherwise Node would ask for the body, or refuse, before the request is checked here.
  server.on("checkContinue", (request, response) => {
    if (accessRefusal(request, access) === undefined) response.writeContinue();
    server.emit("request", request, response);
  });
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  respondToParserRefusals(server);
  respondToConnect(server, (request) => accessRefusal(request, access));
  limitConnections(server, parts.connections, parts.log);
  return server;
}

/**
 * A request's target as a path with its query (RFC 9112, section 3.2). For any other form, Koa would use Node's legacy
 * URL parser, which prints a warning.
 */
function originForm(target: string): string {
  const [whole = ""] = target.split("#", 1);
  const absolute = !whole.startsWith("/") && URL.canParse(whole) ? new URL(whole) : undefined;
  return absolute === undefined ? whole.replace(/^(?!\/)/, "/") : absolute.pathname + absolute.search;
}

/**
 * Logs a response without the query, which may contain search terms; for a stream, when it begins. The path is logged
 * as received, since the request may have been refused for it: Koa would parse an invalid one with Node's legacy
 * parser, which prints a warning.
 */
function logResponse({ method, req, res }: Koa.Context, durationMs: number, log: Log): void {
  const path = (req.url ?? "").replace(/[?#].*$/s, "").slice(0, maxLoggedPath);
  const location = res.getHeader("Location");
  const { statusCode: status } = res;
  log.debug("A request was answered", { method, path, status, location, durationMs: Math.round(durationMs) });
}

/** A 405 lists the allowed methods in `Allow` (RFC 9110, section 15.5.6). */
function noSuchPath(context: Koa.Context): Problem {
  const { method, path } = context;
  const shown = visibleLine(path);
  // Matches paths as the router does.
  const isTaken = (pattern: string): boolean =>
    new RegExp(`^${pattern.replace(/:\w+/g, "[^/]+")}/?$`, "i").test(path);
  const allowed = Object.values<Endpoint>(api)
    .filter((declaration) => isTaken(declaration.path))
    .flatMap((declaration) => (declaration.method === "GET" ? ["GET", "HEAD"] : [declaration.method]));
  if (allowed.length === 0)
    return new Problem("not_found", `No such resource: ${shown}. GET /api/openapi.json lists them.`);
  const methods = [...new Set(allowed)].join(", ");
  context.set("Allow", methods);
  return new Problem("method_not_allowed", `${shown} supports ${methods}, not ${method}.`);
}

function respondWithProblem(context: Koa.Context, failure: unknown, parts: HttpParts): void {
  const { connections, log, problemOf } = parts;
  const problem = failure instanceof Problem ? failure : problemOf(failure);
  if (problem !== failure) log.error("A request failed", { path: context.path, failure });
  if (context.res.headersSent) {
    context.res.destroy();
    return;
  }
  const reported = problem ?? internalProblem();
  context.respond = true;
  context.status = reported.status;
  context.body = JSON.stringify(reported);
  context.type = "application/problem+json";
  if (reported.code === "unauthorized") context.set("WWW-Authenticate", "Bearer");
  if (reported.code === "request_timeout") {
    connections.requestsTimedOut += 1;
    context.set("Connection", "close");
  }
  if (reported.members.retryAfterMs !== undefined)
    context.set("Retry-After", String(Math.ceil(reported.members.retryAfterMs / 1000)));
}
