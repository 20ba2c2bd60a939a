import { Problem } from "../../protocol/problem.ts";
import type { Hop } from "../transport/remote.ts";
import { membersOf, nameOf, protocolError, unreachable, unreachableBy } from "../ssh/failure.ts";
import { describeKey } from "../ssh/host-keys/host-key.ts";
import type { LoginStage } from "../ssh/stage.ts";

/** How far a login got. None of this is parsed from ssh's messages. */
export interface LoginEvidence {
  readonly stage: LoginStage;
  /** The connection's network error. */
  readonly failure: Error | undefined;
  /** The server was the first to close. */
  readonly closedByServer: boolean;
  /** False if both sides sent their algorithms and these have no match. */
  readonly isAgreed: boolean;
  /** The host key that the server presented. */
  readonly hostKey: Buffer | undefined;
  /** What to do about a failed login, in whole sentences. */
  readonly advice: string;
  /** The last messages of ssh, in visible lines. */
  readonly lastLines: string;
}

/** The problem of an `ssh` that ended before it was logged in. */
export function loginFailure(hop: Hop, evidence: LoginEvidence): Problem {
  const { stage, failure, closedByServer, hostKey } = evidence;
  const said = evidence.lastLines === "" ? "" : ` ssh said: “${evidence.lastLines}”`;
  if (failure !== undefined) return unreachableBy(hop, failure);
  if (stage === "authentication") {
    return new Problem(
      "authentication_failed",
      `${nameOf(hop)} did not let ssh log in. ${evidence.advice}${said}`,
      membersOf(hop),
    );
  }
  if (!evidence.isAgreed) {
    return protocolError(hop, `and ssh have no algorithm in common for the key exchange.${said}`);
  }
  if (closedByServer) return unreachable(hop, "closed", undefined, said);
  if (stage === "greeting") return protocolError(hop, `could not be spoken to by ssh.${said}`);
  if (hostKey === undefined) return protocolError(hop, `and ssh could not agree on a key exchange.${said}`);
  const { keyType, fingerprint } = describeKey(hostKey);
  const what = isCertificate(keyType) ? "host certificate" : "host key";
  return new Problem(
    "host_key_unknown",
    `ssh did not accept the ${what} of ${nameOf(hop)}: ${keyType}, ${fingerprint}. Check the known_hosts files.${said}`,
    { ...membersOf(hop), keyType, fingerprint, reason: isCertificate(keyType) ? "certificate" : "refused" },
  );
}

/** For OpenSSH's certificates (PROTOCOL.certkeys). */
export function isCertificate(keyType: string): boolean {
  return /-cert-v0\d@openssh\.com$/.test(keyType);
}

/** OpenSSH on Windows has no control sockets. */
export function notOnWindows(hop: Hop): Problem {
  const detail = `${nameOf(hop)} can be reached by OpenSSH only, which Hostrun can't use on Windows: its ssh has no multiplexing.`;
  return new Problem("host_unreachable", detail, { ...membersOf(hop), reason: "no_openssh" });
}

/** `why`: the system's error code. */
export function notStarted(hop: Hop, why: string): Problem {
  const reason = why === "ENOENT" ? "there is no ssh on the daemon's PATH. Install OpenSSH's client" : why;
  return new Problem(
    "host_unreachable",
    `${nameOf(hop)} is reached by the system's ssh, which could not be started: ${reason}.`,
    { ...membersOf(hop), reason: "no_openssh" },
  );
}
