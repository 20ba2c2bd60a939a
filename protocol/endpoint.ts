import type * as z from "zod";
import type { ProblemCode } from "./problem.ts";

/**
 * An endpoint is data: the route, the client method, the types and the OpenAPI operation are all derived from it.
 * `output` is the schema of a JSON response; "events" is a Server-Sent Events stream, "bytes" raw bytes, "text" plain
 * text, "none" an empty 204.
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
  /** Whether `Accept: text/event-stream` turns the response into an event stream. */
  readonly alsoEvents?: boolean;
  /** The parameters of the media type `text/plain`, e.g. its version. */
  readonly textParameters?: string;
  /** Whether the event stream is also available as frames (frames.ts). */
  readonly alsoFrames?: boolean;
  /** Whether the response stays the same for as long as the daemon has this version. */
  readonly isStatic?: boolean;
  /** Whether the event stream ends; a reader that resumes after its end gets a 204. */
  readonly endsForReaders?: boolean;
  /** Whether the response is generated for each request, and not generated for a HEAD request. */
  readonly isMadeOnRequest?: boolean;
  readonly problems: readonly ProblemCode[];
}

export function endpoint<const E extends Endpoint>(declaration: E): E {
  return declaration;
}

/** The problems of every request with a query, and of every request with a body. */
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
