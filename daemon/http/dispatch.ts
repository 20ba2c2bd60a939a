import { createHash } from "node:crypto";
import type Koa from "koa";
import Router from "koa-router";
import * as z from "zod";
import { api } from "../../protocol/api.ts";
import type { Endpoint } from "../../protocol/endpoint.ts";
import { invalidRequest, refusedField } from "../../protocol/invalid-request.ts";
import { isPercentEncoded } from "../../protocol/percent-encoding.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { mediaType, readJson, refuseEncoded } from "./body.ts";
import { sendBytes } from "./bytes.ts";
import { wantsEvents, wantsFrames } from "./frames.ts";
import type { Bytes, RequestContext, Handlers } from "./request-context.ts";
import { jsonText } from "./json-text.ts";
import type { EventStreams } from "./event-streams.ts";
import { type MessageFeed, sendEvents } from "./sse.ts";

/**
 * Creates a route for every endpoint of the API: requests are checked against the endpoint's schemas, and responses are
 * sent as the endpoint declares. The type of `handlers` maps endpoints to handlers; a loop over all of them cannot
 * express that, which is why this file, and no other, uses type assertions.
 */
export function createRouter(handlers: Handlers, streams: EventStreams): Router {
  const router = new Router();
  for (const [name, declaration] of Object.entries<Endpoint>(api)) {
    const handler = handlers[name as keyof Handlers] as (request: RequestContext<Endpoint>) => unknown;
    router.register(declaration.path, [declaration.method], async (context: Koa.Context) => {
      const request = await checked(declaration, context);
      if (context.method === "HEAD" && declaration.isMadeOnRequest === true) {
        context.status = declaration.status;
        context.type = "application/octet-stream";
      } else await send(declaration, context, await handler(request), streams);
    });
  }
  return router;
}

/** One for all requests: creating a schema costs more than most requests do. */
const noQuery = z.strictObject({});

async function checked(declaration: Endpoint, context: Koa.Context): Promise<RequestContext<Endpoint>> {
  const query = parse(declaration.query ?? noQuery, queryOf(context.querystring));
  if (declaration.body !== undefined) refuseEncoded(context.req);
  const raw = declaration.rawBody === true && mediaType(context.req) === "application/octet-stream";
  const body =
    declaration.body === undefined
      ? undefined
      : parse(declaration.body, raw ? {} : await readJson(context.req));
  return {
    params: context["params"] as RequestContext<Endpoint>["params"],
    query,
    body,
    request: context.req,
    get signal() {
      return abortedAfter(context.res);
    },
    header: (name) => (name.toLowerCase() in context.headers ? context.get(name) : undefined),
  } as RequestContext<Endpoint>;
}

/** Listens on the response, not on its socket, which serves many requests and would keep a listener for each. */
function abortedAfter(response: Koa.Context["res"]): AbortSignal {
  const over = new AbortController();
  response.once("close", () => over.abort());
  return over.signal;
}

/** Of two values for one name, it is unclear which was meant; the same holds for bytes that are not text. */
function queryOf(query: string): Record<string, string> {
  if (query === "") return {};
  for (const [bytes] of query.matchAll(/(?:%[0-9a-f]{2})+/gi)) {
    if (isPercentEncoded(bytes)) continue;
    const message = "must be UTF-8, percent-encoded";
    throw new Problem("invalid_request", `The query ${message}.`, { issues: [{ path: "", message }] });
  }
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (parameters.getAll(name).length === 1) continue;
    const message = "is given more than once";
    const path = visibleLine(name);
    throw refusedField(path, message);
  }
  return Object.fromEntries(parameters);
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidRequest(result.error);
}

async function send(
  declaration: Endpoint,
  context: Koa.Context,
  result: unknown,
  streams: EventStreams,
): Promise<void> {
  const { output, status } = declaration;
  if (output === "events") return stream(context, status, result as MessageFeed, streams);
  if (output === "bytes") {
    context.respond = false;
    return sendBytes(context.req, withHeaders(context), result as Bytes);
  }
  context.status = status;
  if (output === "none") context.body = null;
  else if (output === "text") {
    context.body = result;
    context.type = ["text/plain", declaration.textParameters, "charset=utf-8"].filter(Boolean).join("; ");
  } else if (declaration.alsoEvents !== true) await json(declaration, context, result as object);
  else {
    const { json: value, events } = result as { json: object; events: () => MessageFeed };
    const accepted = context.get("Accept");
    if (wantsEvents(accepted) || wantsFrames(declaration, accepted)) {
      setLocation(declaration, context, value);
      stream(context, status, events(), streams);
    } else await json(declaration, context, value);
  }
}

function stream(context: Koa.Context, status: number, feed: MessageFeed, streams: EventStreams): void {
  context.respond = false;
  sendEvents(withHeaders(context), status, feed, streams);
}

/** Koa has already set the headers on the response; the rest bypasses it. */
function withHeaders(context: Koa.Context): Koa.Context["res"] {
  context.res.removeHeader("Content-Length");
  return context.res;
}

async function json(declaration: Endpoint, context: Koa.Context, value: object): Promise<void> {
  setLocation(declaration, context, value);
  const text = await jsonText(value);
  context.body = text;
  context.type = "application/json; charset=utf-8";
  if (declaration.isStatic === true) letKeep(context, text);
}

/** Lets clients use the response for a day, and revalidate it after that. */
function letKeep(context: Koa.Context, text: string): void {
  // Weak, since it also applies to the compressed text.
  context.set("ETag", `W/"${createHash("sha256").update(text).digest("base64url")}"`);
  context.set("Cache-Control", "private, max-age=86400");
  if (context.fresh) context.status = 304;
}

function setLocation(declaration: Endpoint, context: Koa.Context, value: unknown): void {
  if (declaration.status !== 201) return;
  const { id } = z.object({ id: z.union([z.string(), z.number()]) }).parse(value);
  context.set("Location", `${declaration.path.split("/").slice(0, 3).join("/")}/${id}`);
}
