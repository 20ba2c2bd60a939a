import type { IncomingMessage } from "node:http";
import type { api } from "../../protocol/api.ts";
import type { Body, Endpoint, Output, Params, Query } from "../../protocol/endpoint.ts";
import type { MessageFeed } from "./sse.ts";

/** One request, checked against its endpoint's schemas. */
export interface RequestContext<E extends Endpoint> {
  readonly params: Params<E>;
  readonly query: Query<E>;
  readonly body: Body<E>;
  readonly request: IncomingMessage;
  /** Aborted when the response has ended, or the client's connection before that. */
  readonly signal: AbortSignal;
  /** The single value of a header. */
  readonly header: (name: string) => string | undefined;
}

/** Bytes that can be read in ranges. */
export interface Bytes {
  readonly size: number;
  read(from: number, to: number): Iterable<Buffer>;
}

/** A handler's result, depending on what its endpoint declares. */
export type HandlerResult<E extends Endpoint> = E["output"] extends "events"
  ? MessageFeed
  : E["output"] extends "bytes"
    ? Bytes
    : E["output"] extends "text"
      ? string
      : E["output"] extends "none"
        ? undefined
        : E["alsoEvents"] extends true
          ? { readonly json: Output<E>; readonly events: () => MessageFeed }
          : Output<E>;

export type Handler<E extends Endpoint> = (
  request: RequestContext<E>,
) => HandlerResult<E> | Promise<HandlerResult<E>>;

/** A handler for every endpoint of the API: a missing one does not compile. */
export type Handlers = { readonly [Name in keyof typeof api]: Handler<(typeof api)[Name]> };
