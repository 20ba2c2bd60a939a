import type { IncomingMessage } from "node:http";
import { refusedField } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";

/** Fields that come once or not at all (RFC 9110, section 5.3): of two, somebody on the way may have believed the other. */
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

/** Node drops what comes beyond without a word. */
export const maxHeaders = 100;

/** RFC 3986, section 3.2.2, with a port; a field without a value is allowed. */
const hostForm = /^(?:(?:\[[\w:.%~-]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d{0,5})?)?$/;

/**
 * Why a request is not served, whoever it may be from; looked at before anything else, on every path and of every
 * method, of requests that would fail anyhow and of upgrades. `invalid_request` for one that can be read in two ways,
 * `forbidden` for one that a web page can have sent: on the socket the file's permissions say who may call, and a
 * browser gets there by a relay only.
 */
export function requestFormProblem({ rawHeaders, headers }: IncomingMessage): Problem | undefined {
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  if (names.length >= maxHeaders) return ambiguousHeader("headers", `must be fewer than ${maxHeaders}`);
  const repeated = names.find((name, index) => singletons.has(name) && names.indexOf(name) !== index);
  if (repeated !== undefined) return ambiguousHeader(repeated, "must be given once");
  if (!hostForm.test(headers.host ?? ""))
    return ambiguousHeader("host", "must be the name that was connected to");
  const site = headers["sec-fetch-site"] ?? "none";
  const own = site === "none" || site === "same-origin";
  if (own && !names.includes("origin") && !names.includes("referer")) return undefined;
  return new Problem("forbidden", "Requests from web pages are not allowed.");
}

/** A request that can be read in two ways, or in none. */
export function ambiguousHeader(header: string, message: string): Problem {
  return refusedField(header, message);
}
