import * as z from "zod";
import { visibleLine } from "./visible.ts";

/**
 * Every failure Hostrun can tell of: its HTTP status, a title a person can read, and whether asking again
 * unchanged can help. On the wire a failure is `application/problem+json` (RFC 9457).
 */
export const problems = {
  invalid_request: { status: 400, title: "The request is not valid", retryable: false },
  unauthorized: { status: 401, title: "A token is needed", retryable: false },
  forbidden: { status: 403, title: "This caller is not allowed in", retryable: false },
  not_found: { status: 404, title: "There is nothing here", retryable: false },
  host_unknown: { status: 404, title: "No such host", retryable: false },
  run_unknown: { status: 404, title: "No such run", retryable: false },
  method_not_allowed: { status: 405, title: "This method is not for this path", retryable: false },
  request_timeout: { status: 408, title: "The request did not come to its end", retryable: true },
  conflict: { status: 409, title: "This does not fit the present state", retryable: false },
  idempotency_conflict: {
    status: 409,
    title: "This Idempotency-Key was used for another request",
    retryable: false,
  },
  stream_position_unknown: { status: 409, title: "This stream has no such position", retryable: false },
  too_large: { status: 413, title: "The request is too large", retryable: false },
  unsupported_media_type: { status: 415, title: "This content type is not taken", retryable: false },
  range_not_satisfiable: { status: 416, title: "The range is outside the output", retryable: false },
  rate_limited: { status: 429, title: "Too many requests", retryable: true },
  queue_full: { status: 429, title: "Too many runs are waiting", retryable: true },
  internal: { status: 500, title: "Hostrun failed", retryable: false },
  host_unreachable: { status: 502, title: "The host could not be reached", retryable: true },
  authentication_failed: { status: 502, title: "The host refused every key", retryable: false },
  identity_file_missing: { status: 502, title: "The key file does not exist", retryable: false },
  identity_file_unreadable: { status: 502, title: "The key file cannot be used", retryable: false },
  host_key_unknown: { status: 502, title: "The host key is not known yet", retryable: false },
  host_key_changed: { status: 502, title: "The host key has changed", retryable: false },
  protocol_error: { status: 502, title: "The other side does not speak SSH properly", retryable: false },
  connection_lost: { status: 502, title: "The connection was lost while the command ran", retryable: false },
  channel_refused: { status: 502, title: "The host refused to start the command", retryable: true },
  daemon_unreachable: { status: 503, title: "The Hostrun daemon does not answer", retryable: true },
  daemon_incompatible: {
    status: 503,
    title: "The Hostrun daemon is of another version",
    retryable: false,
  },
  daemon_stopped: { status: 503, title: "The Hostrun daemon was stopped", retryable: true },
  timed_out: { status: 504, title: "It took too long", retryable: true },
  storage_full: { status: 507, title: "There is no room to record the run", retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ProblemCode = keyof typeof problems;

/** Failures of the way to a host: before a command is sent, and also where none is to be. */
export const connectingProblems = [
  "host_unreachable",
  "authentication_failed",
  "identity_file_missing",
  "identity_file_unreadable",
  "host_key_unknown",
  "host_key_changed",
  "protocol_error",
  "timed_out",
] as const satisfies readonly ProblemCode[];

const codes = Object.keys(problems);
export const ProblemCode = z
  .string()
  .refine((code): code is ProblemCode => codes.includes(code), "unknown problem code");

/** One bad field: `path` as in `options.env.PATH`, "" for the request as a whole. */
export const Issue = z.object({ path: z.string(), message: z.string() });
export type Issue = z.infer<typeof Issue>;

/** What a problem may say beside its code; each member is there only where it means something. */
export const ProblemMembers = z.object({
  issues: z.array(Issue).optional(),
  /** The host as the person called it. */
  host: z.string().optional(),
  /** The hop that failed, `user@address:port`; differs from the host behind a bastion. */
  hop: z.string().optional(),
  address: z.string().optional(),
  port: z.number().int().optional(),
  /** Finer than the code, e.g. "refused", "name_not_found", "no_route". */
  reason: z.string().optional(),
  /** Of the host key that was offered; `key` is the public key in base64 as in known_hosts. */
  keyType: z.string().optional(),
  fingerprint: z.string().optional(),
  key: z.string().optional(),
  /** Of a changed host key: the fingerprints on record, and the `file:line` where each stands. */
  expected: z.array(z.object({ fingerprint: z.string(), keyType: z.string(), at: z.string() })).optional(),
  retryAfterMs: z.number().int().optional(),
  /** Of a daemon that died at its start: the last lines that it wrote. */
  written: z.array(z.string()).optional(),
});
export type ProblemMembers = z.infer<typeof ProblemMembers>;

/** A problem on the wire (RFC 9457, section 3). */
export const ProblemDetails = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: ProblemCode,
    /** What failed, where, and what to do next; meant for a person. */
    detail: z.string(),
    retryable: z.boolean(),
    ...ProblemMembers.shape,
  })
  .meta({ id: "ProblemDetails" });
export type ProblemDetails = z.infer<typeof ProblemDetails>;

/** Room for the names of every key that a login tried. */
const maxDetailLength = 6000;

/** The one error type that crosses Hostrun's own boundaries. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly members: ProblemMembers;

  /**
   * `detail` is read by a person: what failed, on which host, what to do next; it becomes one visible line. Never put
   * a secret in it, nor text from outside that `visibleLine` has not shortened.
   */
  constructor(code: ProblemCode, detail: string, options: ProblemMembers & { cause?: unknown } = {}) {
    const { cause, ...members } = options;
    super(visibleLine(detail, maxDetailLength), cause === undefined ? undefined : { cause });
    this.code = code;
    this.members = members;
  }

  get status(): number {
    return problems[this.code].status;
  }

  toJSON(): ProblemDetails {
    const { status, title, retryable } = problems[this.code];
    return {
      type: `urn:hostrun:problem:${this.code}`,
      title,
      status,
      code: this.code,
      detail: this.message,
      retryable,
      ...this.members,
    };
  }

  static fromDetails(details: ProblemDetails): Problem {
    const members = ProblemMembers.parse(details);
    return new Problem(details.code, details.detail, members);
  }
}
