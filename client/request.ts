import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Api, EndpointName } from "../protocol/api.ts";
import { api } from "../protocol/api.ts";
import type { BodyInput, Endpoint, Output, Params, QueryInput } from "../protocol/endpoint.ts";
import { Problem, ProblemDetails } from "../protocol/problem.ts";
import type { Exchange, Transport } from "./transport.ts";
import { unreachable } from "./transport.ts";

/** The endpoints that answer at once, with JSON, text or nothing. */
export type CallableName = {
  [Name in EndpointName]: Api[Name]["output"] extends "events" | "bytes" ? never : Name;
}[EndpointName];

/** What a call gives back: the parsed JSON, the text, or undefined where the answer is empty. */
export type Answer<E extends Endpoint> = E["output"] extends "text" ? string : Output<E>;

type Part<Key extends string, T> = [T] extends [undefined]
  ? { readonly [K in Key]?: undefined }
  : object extends T
    ? { readonly [K in Key]?: T }
    : { readonly [K in Key]: T };

/** What a call of one endpoint takes; a part is optional where the endpoint needs none. */
export type CallInput<E extends Endpoint> = Part<
  "params",
  keyof Params<E> extends never ? undefined : Params<E>
> &
  Part<"query", QueryInput<E>> &
  Part<"body", BodyInput<E>> &
  CallOptions;

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type CallArguments<Name extends EndpointName> =
  object extends CallInput<Api[Name]> ? [input?: CallInput<Api[Name]>] : [input: CallInput<Api[Name]>];

interface AnyInput extends CallOptions {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: unknown;
  readonly body?: unknown;
}

/**
 * Calls an endpoint and gives back its parsed answer. Rejects with the daemon's Problem, with
 * `daemon_unreachable`, with `daemon_incompatible` where the answer is not understood, or with the signal's
 * reason.
 */
export function call<Name extends CallableName>(
  transport: Transport,
  name: Name,
  ...[input]: CallArguments<Name>
): Promise<Answer<Api[Name]>>;
export async function call(transport: Transport, name: CallableName, input: AnyInput = {}): Promise<unknown> {
  const declaration: Endpoint = api[name];
  const answer = await open(transport, declaration, input, "application/json");
  const text = (await readAll(answer, declaration.path)).toString("utf8");
  if (declaration.output === "none") return undefined;
  if (typeof declaration.output === "string") return text;
  const parsed = declaration.output.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Problem(
    "daemon_incompatible",
    `The Hostrun daemon's answer to ${declaration.method} ${declaration.path} was not understood. ` +
      "It may be of another version: try `hostrun restart`.",
    { cause: parsed.error },
  );
}

/** A run's recorded output as a stream of bytes; destroy it to stop early. */
export async function openOutput(
  transport: Transport,
  run: string,
  stream: "stdout" | "stderr" | "both",
  signal?: AbortSignal,
): Promise<Readable> {
  return open(transport, api.runOutput, { params: { run }, query: { stream }, signal }, "*/*");
}

/**
 * Streams `source` to the standard input of a run as far as the daemon takes it; with `end` the command then
 * sees the end of its input. Rejects with `conflict` when the run has ended.
 */
export async function writeStdin(
  transport: Transport,
  run: string,
  source: Readable,
  options: { readonly end: boolean; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const path = pathOf(api.runStdin, { run }, { end: options.end ? "true" : "false" });
  const headers = { "content-type": "application/octet-stream", accept: "application/json" };
  const answer = await transport.send(
    { method: "POST", path, headers, body: source, repeatable: false },
    options.signal,
  );
  const bytes = await readAll(answer, path);
  if (failed(answer)) throw problemOf(answer, bytes);
}

/**
 * Sends a request and gives back the answer once its head says that it is good; otherwise its Problem is
 * thrown. GET is sent again on a connection that was closed in between, and so is what carries an
 * Idempotency-Key.
 */
export async function open(
  transport: Transport,
  declaration: Endpoint,
  input: AnyInput,
  accept: string,
): Promise<IncomingMessage> {
  const body = input.body === undefined ? undefined : JSON.stringify(input.body);
  const path = pathOf(declaration, input.params, input.query);
  const exchange: Exchange = {
    method: declaration.method,
    path,
    headers: { accept, ...contentHeaders(declaration, body), ...input.headers },
    body: body ?? (declaration.body === undefined ? undefined : "{}"),
    repeatable: declaration.method === "GET" || input.headers?.["idempotency-key"] !== undefined,
  };
  const answer = await transport.send(exchange, input.signal);
  if (failed(answer)) throw problemOf(answer, await readAll(answer, path));
  return answer;
}

function contentHeaders(declaration: Endpoint, body: string | undefined): Record<string, string> {
  if (declaration.body === undefined) return {};
  return {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body ?? "{}")),
  };
}

function failed(answer: IncomingMessage): boolean {
  return answer.statusCode === undefined || answer.statusCode >= 300;
}

function pathOf(
  declaration: Endpoint,
  params: Readonly<Record<string, string>> = {},
  query?: unknown,
): string {
  const path = declaration.path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ""),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) search.append(name, String(value));
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

/** JSON answers of the daemon are far smaller; this only bounds the memory. */
const maxAnswerBytes = 256 * 1024 * 1024;

async function readAll(answer: IncomingMessage, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer) {
      if (!(chunk instanceof Buffer)) continue;
      size += chunk.length;
      if (size > maxAnswerBytes)
        throw new Problem("too_large", `The daemon's answer to ${what} is too large.`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem || (error instanceof Error && error.name === "AbortError")) throw error;
    throw unreachable(error, what);
  }
  return Buffer.concat(chunks);
}

function problemOf(answer: IncomingMessage, bytes: Buffer): Problem {
  const details = ProblemDetails.safeParse(parseJson(bytes.toString("utf8")));
  if (details.success) return Problem.fromDetails(details.data);
  return new Problem(
    "daemon_incompatible",
    `The Hostrun daemon answered ${answer.statusCode ?? "without a status"}, in a way that was not ` +
      "understood. It may be of another version: try `hostrun restart`.",
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
