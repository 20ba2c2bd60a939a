import { isObjectWith, isText } from "../protocol/check.ts";
import { isProblemDetails, Problem } from "../protocol/problem.ts";
import { type Reply, wholeBody } from "./reply.ts";
import type { OutgoingRequest, Transport } from "./transport.ts";
import { unreachable } from "./transport.ts";

/** The part of an endpoint that a request needs. */
export interface Route {
  readonly method: OutgoingRequest["method"];
  readonly path: string;
  /** Present if the endpoint always takes JSON. */
  readonly body?: unknown;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RequestInput extends CallOptions {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: unknown;
  readonly body?: unknown;
  /** Use a new connection, even if one is kept. */
  readonly ownConnection?: boolean;
}

/**
 * Sends a request and returns the response once its status indicates success; otherwise throws its Problem. A GET is
 * sent again if its connection was closed in between, and so is a request with an Idempotency-Key.
 */
export async function openRequest(
  transport: Transport,
  route: Route,
  input: RequestInput,
  accept: string,
): Promise<Reply> {
  const given = input.body ?? (route.body === undefined ? undefined : {});
  const body = given === undefined ? undefined : JSON.stringify(given);
  const path = pathOf(route, input.params, input.query);
  const outgoing: OutgoingRequest = {
    method: route.method,
    path,
    headers: { accept, ...contentHeaders(body), ...input.headers },
    body,
    reusable:
      input.ownConnection !== true &&
      (route.method === "GET" || input.headers?.["idempotency-key"] !== undefined),
  };
  const reply = await transport.send(outgoing, input.signal);
  if (failed(reply)) throw problemOf(reply, await readAll(reply, path));
  return reply;
}

function contentHeaders(body: string | undefined): Record<string, string> {
  if (body === undefined) return {};
  return { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
}

/** The JSON of a response; undefined if it is not JSON. Rejects as `openRequest` does. */
export async function requestJson(transport: Transport, route: Route, input: RequestInput): Promise<unknown> {
  const reply = await openRequest(transport, route, input, "application/json");
  return parseJson((await readAll(reply, route.path)).toString("utf8"));
}

/** The problem for a response that does not match the API. */
export function notUnderstood({ method, path }: Route, cause?: unknown): Problem {
  return new Problem(
    "daemon_incompatible",
    `The Hostrun daemon's answer to ${method} ${path} was not understood. ` +
      "It may be of another version: try `hostrun restart`.",
    { cause },
  );
}

export function failed({ status }: Reply): boolean {
  return status < 200 || status >= 300;
}

export function pathOf(route: Route, params: Readonly<Record<string, string>> = {}, query?: unknown): string {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) search.append(name, String(value));
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

/** The daemon's JSON responses are far smaller; this only limits memory use. */
const maxAnswerBytes = 256 * 1024 * 1024;

export async function readAll({ body, length }: Reply, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of wholeBody(body)) {
      size += chunk.length;
      if (size > maxAnswerBytes)
        throw new Problem("too_large", `The daemon's answer to ${what} is too large.`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem || (error instanceof Error && error.name === "AbortError")) throw error;
    throw unreachable(error, what);
  }
  if (length !== undefined && size !== length) throw unreachable(undefined, what);
  return Buffer.concat(chunks);
}

export function problemOf({ status }: Reply, bytes: Buffer): Problem {
  const details = parseJson(bytes.toString("utf8"));
  if (isProblemDetails(details)) return Problem.fromDetails(details);
  const detail: unknown = hasDetail(details) ? Reflect.get(details, "detail") : undefined;
  // A newer daemon may send an unknown code, but its message is still useful.
  if (typeof detail === "string") return new Problem("daemon_incompatible", detail);
  return new Problem(
    "daemon_incompatible",
    `The Hostrun daemon answered ${status}, in a way that was not ` +
      "understood. It may be of another version: try `hostrun restart`.",
  );
}

const hasText = isObjectWith({ code: isText, detail: isText });

function hasDetail(details: unknown): details is object {
  return hasText(details);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
