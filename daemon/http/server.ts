import { createServer, type Server } from "node:http";
import Koa from "koa";
import Router from "koa-router";
import * as z from "zod";
import { api, type EndpointName } from "../../protocol/api.ts";
import type { Endpoint } from "../../protocol/endpoint.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Log } from "../core/log.ts";
import { mediaType, readJson } from "./body.ts";
import { sendBytes } from "./bytes.ts";
import type { Bytes, Exchange, Handlers } from "./exchange.ts";
import { type EventFeed, type StreamFigures, sendEvents } from "./sse.ts";

export interface HttpParts {
  readonly handlers: Handlers;
  readonly figures: StreamFigures;
  readonly log: Log;
}

const securityHeaders = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** The HTTP server of the API, not yet listening. */
export function createHttpServer(parts: HttpParts): Server {
  const app = new Koa();
  app.on("error", (failure) => parts.log.debug("A client left in the middle of an answer", { failure }));
  app.use(async (context, next) => {
    context.set(securityHeaders);
    try {
      await next();
      if (context.status === 404 && context.respond !== false) throw noSuchPath(context.method, context.path);
    } catch (failure) {
      answerProblem(context, failure, parts.log);
    }
  });
  app.use(createRouter(parts).routes());
  const server = createServer(
    { keepAliveTimeout: 120_000, headersTimeout: 10_000, requestTimeout: 0 },
    app.callback(),
  );
  server.maxHeadersCount = 100;
  return server;
}

function createRouter({ handlers, figures }: HttpParts): Router {
  const router = new Router();
  for (const [name, declaration] of Object.entries<Endpoint>(api)) {
    // The table's type says that handler and endpoint belong together; a loop over both cannot.
    const handler = handlers[name as EndpointName] as (exchange: Exchange<Endpoint>) => unknown;
    router.register(declaration.path, [declaration.method], async (context: Koa.Context) => {
      const answer = await handler(await checked(declaration, context));
      await send(declaration, context, answer, figures);
    });
  }
  return router;
}

async function checked(declaration: Endpoint, context: Koa.Context): Promise<Exchange<Endpoint>> {
  const query = parse(declaration.query ?? z.strictObject({}), Object.fromEntries(context.URL.searchParams));
  const raw = declaration.rawBody === true && mediaType(context.req) === "application/octet-stream";
  const body =
    declaration.body === undefined || raw ? undefined : parse(declaration.body, await readJson(context.req));
  return {
    params: context["params"],
    query,
    body,
    request: context.req,
    header: (name) => context.get(name) || undefined,
  } as Exchange<Endpoint>;
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap(issuesOf);
  const detail = issues
    .map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
    .join("; ");
  throw new Problem("invalid_request", detail, { issues });
}

/** An unknown field is told by its own path, as a bad one is. */
function issuesOf(issue: z.core.$ZodIssue): { path: string; message: string }[] {
  const path = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({
    path: path === "" ? key : `${path}.${key}`,
    message: "is not known here",
  }));
}

async function send(
  declaration: Endpoint,
  context: Koa.Context,
  answer: unknown,
  figures: StreamFigures,
): Promise<void> {
  const { output, status } = declaration;
  if (output === "events") return stream(context, status, answer as EventFeed, figures);
  if (output === "bytes") {
    context.respond = false;
    return sendBytes(context.req, withHeaders(context), answer as Bytes);
  }
  context.status = status;
  if (output === "none") context.body = null;
  else if (output === "text") {
    context.body = answer;
    context.type = "text/plain; version=0.0.4; charset=utf-8";
  } else if (declaration.alsoEvents !== true) json(declaration, context, answer);
  else {
    const { json: value, events } = answer as { json: unknown; events: () => EventFeed };
    if (context.get("Accept").includes("text/event-stream")) {
      setLocation(declaration, context, value);
      stream(context, status, events(), figures);
    } else json(declaration, context, value);
  }
}

function stream(context: Koa.Context, status: number, feed: EventFeed, figures: StreamFigures): void {
  context.respond = false;
  sendEvents(withHeaders(context), status, feed, figures);
}

/** Koa has set the headers on the response already; the rest is written past it. */
function withHeaders(context: Koa.Context): Koa.Context["res"] {
  context.res.removeHeader("Content-Length");
  return context.res;
}

function json(declaration: Endpoint, context: Koa.Context, value: unknown): void {
  setLocation(declaration, context, value);
  context.body = JSON.stringify(value);
  context.type = "application/json; charset=utf-8";
}

function setLocation(declaration: Endpoint, context: Koa.Context, value: unknown): void {
  if (declaration.status !== 201) return;
  const { id } = z.object({ id: z.union([z.string(), z.number()]) }).parse(value);
  context.set("Location", `${declaration.path.split("/").slice(0, 3).join("/")}/${id}`);
}

function noSuchPath(method: string, path: string): Problem {
  const segments = path.split("/").length;
  const allowed = Object.values<Endpoint>(api)
    .filter((declaration) => declaration.path.split("/").length === segments)
    .filter((declaration) => new RegExp(`^${declaration.path.replace(/:\w+/g, "[^/]+")}$`).test(path))
    .map((declaration) => declaration.method);
  if (allowed.length === 0)
    return new Problem("not_found", `There is no ${path}. GET /api/openapi.json lists what there is.`);
  return new Problem(
    "method_not_allowed",
    `${path} takes ${[...new Set(allowed)].join(", ")}, not ${method}.`,
  );
}

function answerProblem(context: Koa.Context, failure: unknown, log: Log): void {
  const problem = failure instanceof Problem ? failure : undefined;
  if (problem === undefined) log.error("A request failed", { path: context.path, failure });
  if (context.res.headersSent) {
    context.res.destroy();
    return;
  }
  const told =
    problem ?? new Problem("internal", "Hostrun failed in a way it should not; its log says more.");
  context.respond = true;
  context.status = told.status;
  context.body = JSON.stringify(told);
  context.type = "application/problem+json";
  if (told.members.retryAfterMs !== undefined)
    context.set("Retry-After", String(Math.ceil(told.members.retryAfterMs / 1000)));
  // What is left of a body that was not read would be taken for the next request.
  if (!context.req.complete) context.set("Connection", "close");
}
