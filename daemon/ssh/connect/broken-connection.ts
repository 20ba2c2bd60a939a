import type { Problem } from "../../../protocol/problem.ts";
import type { Hop } from "../../transport/remote.ts";
import { connectionLost, onTheWayTo, protocolError } from "../failure.ts";
import { isProtocolFailure } from "./login-failure.ts";
import type { SshConnection } from "./ssh-connection.ts";

const unknownFate = "The command may still be running there.";
export const closedUnderRun = `and the connection was closed. ${unknownFate}`;

export interface BrokenLink {
  readonly hop: Hop;
  /** The connection that it was tunnelled through; undefined: there was none. */
  readonly bastion: Pick<SshConnection, "closeReason"> | undefined;
  readonly keepaliveMs: number;
}

/** Why an established connection ended: its bastion's connection closed, ssh2 reported `failure`, or neither. */
export function brokenConnection({ hop, bastion, keepaliveMs }: BrokenLink, failure: unknown): Problem {
  if (bastion?.closeReason !== undefined) return onTheWayTo(hop, bastion.closeReason);
  if (failure instanceof Error && "level" in failure && failure.level === "client-timeout") {
    const everyMs = hop.settings.keepalive?.intervalMs ?? keepaliveMs;
    const what = `keepalives went unanswered (one every ${everyMs / 1000} s), ${closedUnderRun}`;
    return connectionLost(hop, what, failure);
  }
  // Either the network failed, or the peer's bytes are not SSH: corrupted on the way, or invalid from the start.
  return isProtocolFailure(failure)
    ? protocolError(hop, `sent something that is not valid SSH, ${closedUnderRun}`, failure)
    : connectionLost(hop, `connection lost. ${unknownFate}`, failure);
}
