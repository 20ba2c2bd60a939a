import type { Problem } from "../../../protocol/problem.ts";
import type { Hop } from "../../transport/remote.ts";
import { connectionLost, protocolError } from "../failure.ts";
import { isProtocolFailure } from "./login-failure.ts";

const unknownFate = "The command may still be running there.";
export const closedUnderRun = `and the connection was closed. ${unknownFate}`;

/** Why a connection ended that was up: by `failure` of ssh2's, or without one. */
export function brokenConnection(
  { hop, keepaliveMs }: { readonly hop: Hop; readonly keepaliveMs: number },
  failure: unknown,
): Problem {
  if (failure instanceof Error && "level" in failure && failure.level === "client-timeout") {
    const what = `keepalives went unanswered (one every ${keepaliveMs / 1000} s), ${closedUnderRun}`;
    return connectionLost(hop, what, failure);
  }
  // A link that broke, or a peer whose bytes are no SSH: damaged on the way, or never good.
  return isProtocolFailure(failure)
    ? protocolError(hop, `sent something that is not valid SSH, ${closedUnderRun}`, failure)
    : connectionLost(hop, `connection lost. ${unknownFate}`, failure);
}
