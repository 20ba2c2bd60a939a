import type { IncomingMessage } from "node:http";
import { Problem } from "../../protocol/problem.ts";
import { requestFormProblem, ambiguousHeader } from "./caller.ts";

/** How a listener authenticates its callers. */
export type Access =
  /** A Unix socket: the permissions of its file decide who may connect. */
  | { readonly by: "permission" }
  /** A named pipe, whose name anybody may know. */
  | { readonly by: "token"; readonly token: Verifier }
  /** TCP, which web pages can reach as well: the Host of a request must be exactly the listening address. */
  | { readonly by: "address"; readonly token: Verifier; readonly authority: () => string };

/** Compares a token. */
export interface Verifier {
  equals(given: string): boolean;
}

/**
 * Why a request is refused, checked before anything else: over TCP `forbidden` for a Host other than the listening
 * address; then `invalid_request` and `forbidden` for any caller (caller.ts); then `unauthorized` without the token.
 */
export function accessRefusal(request: IncomingMessage, access: Access): Problem | undefined {
  if (access.by === "address" && !matchesAuthority(request, access.authority())) {
    return new Problem("forbidden", `The Host of a request must be ${access.authority()}.`);
  }
  const refusal = requestFormProblem(request);
  if (refusal !== undefined) return refusal;
  if (request.httpVersion === "1.1" && request.headers.host === undefined)
    return ambiguousHeader("host", "is required by HTTP/1.1 (RFC 9112, section 3.2)");
  if (access.by === "permission") return undefined;
  const [, given] = /^Bearer ([\w.~+/=-]{1,1024})$/i.exec(request.headers.authorization ?? "") ?? [];
  if (given !== undefined && access.token.equals(given)) return undefined;
  return new Problem(
    "unauthorized",
    "The daemon's token is required (Authorization: Bearer TOKEN). It is in daemon.json in the daemon's state directory.",
  );
}

/** A target in absolute form contains its own authority and overrides Host (RFC 9112, section 3.2.2). */
function matchesAuthority({ url = "", headersDistinct }: IncomingMessage, authority: string): boolean {
  const { host = [] } = headersDistinct;
  return host.length === 1 && host[0] === authority && (url.startsWith("/") || url === "*");
}
