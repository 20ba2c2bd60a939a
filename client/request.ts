import type { Api, EndpointName } from "../protocol/api.ts";
import { api } from "../protocol/api.ts";
import type { BodyInput, Endpoint, Output, Params, QueryInput } from "../protocol/endpoint.ts";
import { Problem } from "../protocol/problem.ts";
import {
  type CallOptions,
  notUnderstood,
  openRequest,
  parseJson,
  readAll,
  type RequestInput,
} from "./open-request.ts";
import { newIdempotencyKey } from "./start-run.ts";
import type { Transport } from "./transport.ts";

/** The endpoints with a complete response: JSON, text or nothing. */
export type CallableName = {
  [Name in EndpointName]: Api[Name]["output"] extends "events" | "bytes" ? never : Name;
}[EndpointName];

/** The result of a call: the parsed JSON, the text, or undefined for an empty response. */
export type Answer<E extends Endpoint> = E["output"] extends "text" ? string : Output<E>;

type Part<Key extends string, T> = [T] extends [undefined]
  ? { readonly [K in Key]?: undefined }
  : object extends T
    ? { readonly [K in Key]?: T }
    : { readonly [K in Key]: T };

/** The input for a call of one endpoint; a part that the endpoint does not need is optional. */
export type CallInput<E extends Endpoint> = Part<
  "params",
  keyof Params<E> extends never ? undefined : Params<E>
> &
  Part<"query", QueryInput<E>> &
  Part<"body", BodyInput<E>> &
  CallOptions;

export type CallArguments<Name extends EndpointName> =
  object extends CallInput<Api[Name]> ? [input?: CallInput<Api[Name]>] : [input: CallInput<Api[Name]>];

/** How calls are sent. */
export interface Caller {
  readonly transport: Transport;
  /** Calls `send` until a daemon has accepted what it starts; by default once. */
  readonly start?: <T>(send: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;
  /** The call changes nothing, so it is sent again like one that carries a key. */
  readonly asks?: boolean;
}

/**
 * Calls an endpoint and returns its parsed response. Rejects with the daemon's Problem, with `daemon_unreachable`,
 * with `daemon_incompatible` if the response is not understood, or with the signal's reason. A call that starts
 * something carries an Idempotency-Key, by default a new one: if the response is lost, the request is sent once more
 * and returns what the first one created.
 */
export function call<Name extends CallableName>(
  caller: Caller,
  name: Name,
  ...[input]: CallArguments<Name>
): Promise<Answer<Api[Name]>>;
export async function call(
  { transport, start = (send) => send(), asks = false }: Caller,
  name: CallableName,
  input: RequestInput = {},
): Promise<unknown> {
  const declaration: Endpoint = api[name];
  const starts = declaration.problems.includes("idempotency_conflict");
  if (!starts && !asks) return ask(transport, declaration, input);
  const key = starts ? { "idempotency-key": newIdempotencyKey() } : {};
  const repeatable = { ...input, headers: { ...key, ...input.headers } };
  return start(async () => {
    try {
      return await ask(transport, declaration, repeatable);
    } catch (failure) {
      if (input.signal?.aborted === true || !isCut(failure)) throw failure;
      return ask(transport, declaration, { ...repeatable, ownConnection: true });
    }
  }, input.signal);
}

async function ask(transport: Transport, declaration: Endpoint, input: RequestInput): Promise<unknown> {
  const reply = await openRequest(transport, declaration, input, "application/json");
  const text = (await readAll(reply, declaration.path)).toString("utf8");
  if (declaration.output === "none") return undefined;
  if (typeof declaration.output === "string") return text;
  const parsed = declaration.output.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw notUnderstood(declaration, parsed.error);
}

/** Whether the connection was lost, in which case the daemon may have handled the request. */
export function isCut(failure: unknown): boolean {
  return (
    failure instanceof Problem && failure.code === "daemon_unreachable" && failure.members.reason === "cut"
  );
}
