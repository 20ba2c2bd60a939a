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
