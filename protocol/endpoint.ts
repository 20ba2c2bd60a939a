import type * as z from "zod";
import type { ProblemCode } from "./problem.ts";

/**
 * An endpoint is data: the route, the client method, the types and the OpenAPI operation all come from it.
 * `output` is a schema for a JSON answer; "events" is a Server-Sent Events stream, "bytes" raw bytes,
 * "text" plain text, "none" an empty 204.
 */
export interface Endpoint {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: `/api/${string}`;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Whether the body may also be raw `application/octet-stream`, streamed and of any length. */
  readonly rawBody?: boolean;
  readonly status: 200 | 201 | 202 | 204;
  readonly output: z.ZodType | "events" | "bytes" | "text" | "none";
  /** Whether `Accept: text/event-stream` turns the answer into an event stream. */
  readonly alsoEvents?: boolean;
  /** Of plain text what stands behind `text/plain`, e.g. its version. */
  readonly textParameters?: string;
  /** Whether the event stream is also given as frames (frames.ts). */
  readonly alsoFrames?: boolean;
  /** Whether the answer stays the same for as long as the daemon is this version. */
  readonly isStatic?: boolean;
  /** Whether the event stream has an end, behind which a reader of events is answered 204. */
  readonly endsForReaders?: boolean;
  /** Whether what is answered is made for each request, and not for one that wants the head alone. */
  readonly isMadeOnRequest?: boolean;
  readonly problems: readonly ProblemCode[];
}

export function endpoint<const E extends Endpoint>(declaration: E): E {
  return declaration;
}

/** What can be wrong with every request that is only read, and with every one that has a body. */
export const reading = ["invalid_request"] as const;
export const writing = ["invalid_request", "too_large", "unsupported_media_type"] as const;

type ParamNames<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamNames<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

export type Params<E extends Endpoint> = { readonly [Name in ParamNames<E["path"]>]: string };
export type Query<E extends Endpoint> = E["query"] extends z.ZodType ? z.output<E["query"]> : undefined;
export type QueryInput<E extends Endpoint> = E["query"] extends z.ZodType ? z.input<E["query"]> : undefined;
export type Body<E extends Endpoint> = E["body"] extends z.ZodType ? z.output<E["body"]> : undefined;
export type BodyInput<E extends Endpoint> = E["body"] extends z.ZodType ? z.input<E["body"]> : undefined;
export type Output<E extends Endpoint> = E["output"] extends z.ZodType ? z.output<E["output"]> : undefined;
