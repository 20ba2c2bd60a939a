import type { IncomingMessage } from "node:http";
import { Problem } from "../../protocol/problem.ts";
import { requestFormProblem, ambiguousHeader } from "./caller.ts";

/** How the callers of a listener are known. */
export type Access =
  /** A Unix socket: its file's permissions say who may call. */
  | { readonly by: "permission" }
  /** A named pipe, of which anybody may know the name. */
  | { readonly by: "token"; readonly token: Verifier }
  /** TCP, which web pages reach as well: requests must name exactly the address that is listened on. */
  | { readonly by: "address"; readonly token: Verifier; readonly authority: () => string };

/** Of a token. */
export interface Verifier {
  equals(given: string): boolean;
}

/**
 * Why a request is not served; looked at before anything else. `invalid_request` and `forbidden` as for every caller
 * (caller.ts), `forbidden` for another Host than the address that is listened on, `unauthorized` without the token.
 */
export function accessRefusal(request: IncomingMessage, access: Access): Problem | undefined {
  const refusal = requestFormProblem(request);
  if (refusal !== undefined) return refusal;
  if (access.by === "address" && !isMeant(request, access.authority())) {
    return new Problem("forbidden", `The Host of a request must be ${access.authority()}.`);
  }
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

/** A target in absolute form says by itself who is meant (RFC 9112, section 3.2.2), and overrides Host. */
function isMeant({ url = "", headers }: IncomingMessage, authority: string): boolean {
  return headers.host === authority && (url.startsWith("/") || url === "*");
}
