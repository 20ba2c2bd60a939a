import type { Api, EndpointName } from "../protocol/api.ts";
import { api } from "../protocol/api.ts";
import type { BodyInput, Endpoint, Output, Params, QueryInput } from "../protocol/endpoint.ts";
import {
  type CallOptions,
  notUnderstood,
  openRequest,
  parseJson,
  readAll,
  type RequestInput,
} from "./open-request.ts";
import type { Transport } from "./transport.ts";

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

export type CallArguments<Name extends EndpointName> =
  object extends CallInput<Api[Name]> ? [input?: CallInput<Api[Name]>] : [input: CallInput<Api[Name]>];

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
export async function call(
  transport: Transport,
  name: CallableName,
  input: RequestInput = {},
): Promise<unknown> {
  const declaration: Endpoint = api[name];
  const reply = await openRequest(transport, declaration, input, "application/json");
  const text = (await readAll(reply, declaration.path)).toString("utf8");
  if (declaration.output === "none") return undefined;
  if (typeof declaration.output === "string") return text;
  const parsed = declaration.output.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw notUnderstood(declaration, parsed.error);
}
