/**
 * Every failure that Hostrun reports: its HTTP status, its title, and whether repeating the same request can help. On
 * the wire a failure is `application/problem+json` (RFC 9457).
 */
export const problems = {
  invalid_request: { status: 400, title: "Bad Request", retryable: false },
  unauthorized: { status: 401, title: "Unauthorized", retryable: false },
  forbidden: { status: 403, title: "Forbidden", retryable: false },
  not_found: { status: 404, title: "Not Found", retryable: false },
  host_unknown: { status: 404, title: "No such host", retryable: false },
  run_unknown: { status: 404, title: "No such run", retryable: false },
  method_not_allowed: { status: 405, title: "Method Not Allowed", retryable: false },
  request_timeout: { status: 408, title: "Request Timeout", retryable: true },
  conflict: { status: 409, title: "Conflict", retryable: false },
  idempotency_conflict: {
    status: 409,
    title: "Idempotency-Key reused for another request",
    retryable: false,
  },
  confirmation_required: { status: 409, title: "Confirmation required", retryable: false },
  prompt_closed: { status: 409, title: "The question is closed", retryable: false },
  stream_position_unknown: { status: 409, title: "Unknown stream position", retryable: false },
  too_large: { status: 413, title: "Content Too Large", retryable: false },
  unsupported_media_type: { status: 415, title: "Unsupported Media Type", retryable: false },
  range_not_satisfiable: { status: 416, title: "Range Not Satisfiable", retryable: false },
  headers_too_large: { status: 431, title: "Request Header Fields Too Large", retryable: false },
  rate_limited: { status: 429, title: "Too many requests", retryable: true },
  queue_full: { status: 429, title: "Too many runs are waiting", retryable: true },
  internal: { status: 500, title: "Internal error", retryable: false },
  host_unreachable: { status: 502, title: "The host could not be reached", retryable: true },
  authentication_failed: { status: 502, title: "Authentication failed", retryable: false },
  identity_file_missing: { status: 502, title: "Key file not found", retryable: false },
  identity_file_unreadable: { status: 502, title: "Key file cannot be used", retryable: false },
  declined: { status: 403, title: "Declined", retryable: false },
  host_key_unknown: { status: 502, title: "Unknown host key", retryable: false },
  host_key_changed: { status: 502, title: "Host key changed", retryable: false },
  protocol_error: { status: 502, title: "SSH protocol error", retryable: false },
  connection_lost: { status: 502, title: "Connection lost", retryable: false },
  channel_refused: { status: 502, title: "The host refused to start the command", retryable: true },
  sudo_failed: { status: 502, title: "sudo did not run the command", retryable: false },
  key_not_installed: { status: 502, title: "The key could not be installed", retryable: false },
  key_not_made: { status: 502, title: "The key could not be made", retryable: false },
  daemon_unreachable: { status: 503, title: "The Hostrun daemon is not responding", retryable: true },
  daemon_incompatible: {
    status: 503,
    title: "The Hostrun daemon is of another version",
    retryable: false,
  },
  daemon_stopped: { status: 503, title: "The Hostrun daemon was stopped", retryable: true },
  timed_out: { status: 504, title: "Timed out", retryable: true },
  storage_full: { status: 507, title: "No space left to record the run", retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ProblemCode = keyof typeof problems;

/** Failures to connect to a host: they occur before a command is sent, and also where there is no command. */
export const connectingProblems = [
  "host_unreachable",
  "authentication_failed",
  "identity_file_missing",
  "identity_file_unreadable",
  "declined",
  "host_key_unknown",
  "host_key_changed",
  "protocol_error",
  "timed_out",
] as const satisfies readonly ProblemCode[];
