import type { IncomingMessage } from "node:http";
import { refusedField } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";

/** Fields that may occur only once (RFC 9110, section 5.3): of two, an intermediary may have used the other one. */
const singletons = new Set([
  "authorization",
  "content-length",
  "content-type",
  "host",
  "hostrun-agent",
  "hostrun-begin-by",
  "hostrun-client",
  "hostrun-daemon",
  "idempotency-key",
  "last-event-id",
  "origin",
  "range",
  "referer",
  "sec-fetch-site",
]);

/** Node silently drops further headers. */
export const maxHeaders = 100;

/** RFC 3986, section 3.2.2, with a port; an empty value is allowed. */
const hostForm = /^(?:(?:\[[\w:.%~-]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d{0,5})?)?$/;

/**
 * Why a request is refused regardless of the caller, checked before anything else, for every path and method, including
 * upgrades and requests that would fail anyway: `invalid_request` if it is ambiguous, `forbidden` if a web page can
 * have sent it. On the socket, file permissions decide who may connect, so a browser can only get there through a
 * relay.
 */
export function requestFormProblem({ method, rawHeaders, headers }: IncomingMessage): Problem | undefined {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  if (names.length >= maxHeaders) return headersTooLarge();
  const repeated = names.find((name, index) => singletons.has(name) && names.indexOf(name) !== index);
  if (repeated !== undefined) return ambiguousHeader(repeated, "must be given once");
  if (!hostForm.test(headers.host ?? ""))
    return ambiguousHeader("host", "must be a host name or address, with or without a port");
  const site = headers["sec-fetch-site"] ?? "none";
  const own = site === "none" || site === "same-origin";
  if (!own || names.includes("origin") || names.includes("referer"))
    return new Problem("forbidden", "Requests from web pages are not allowed.");
  return isReading(method) || !names.includes("hostrun-agent") ? undefined : needsApproval();
}

/** Also for what Node's parser refuses itself. */
export function headersTooLarge(): Problem {
  return new Problem(
    "headers_too_large",
    `A request may have up to ${maxHeaders - 1} headers and 16 KiB of them.`,
  );
}

function isReading(method: string | undefined): boolean {
  return method === "GET" || method === "HEAD";
}

/** A client that acts for a program requires that a person approve what it does; without approval, it may not do it. */
function needsApproval(): Problem {
  return new Problem(
    "forbidden",
    "What a program does (Hostrun-Agent) needs a person's approval, which this version of Hostrun cannot ask for. It may only read.",
  );
}

/** For a request with an ambiguous or invalid header. */
export function ambiguousHeader(header: string, message: string): Problem {
  return refusedField(header, message);
}
