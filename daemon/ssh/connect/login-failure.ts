import { Problem } from "../../../protocol/problem.ts";
import { visibleLine } from "../../../protocol/visible.ts";
import { errorCode } from "../../../state-directory/error-code.ts";
import type { Hop } from "../../transport/remote.ts";
import { chacha20, type Mismatch } from "./algorithms.ts";
import {
  membersOf,
  nameOf,
  protocolError,
  unreachable,
  unreachableBy,
  type UnreachableReason,
} from "../failure.ts";
import type { LoginStage } from "../stage.ts";

export interface LoginEvidence {
  readonly stage: LoginStage;
  /** What the server sent instead of an SSH identification. */
  readonly said?: string;
  /** What ssh2 reported: classified by its `level` and `code`, never by its message. */
  readonly failure?: Error;
  /** The kind of algorithm for which the key exchange found no match. */
  readonly mismatch?: Mismatch | undefined;
}

/** What OpenSSH's listener sends instead of its identification before it closes (sshd.c, drop_connection). */
const refusals: readonly (readonly [RegExp, UnreachableReason])[] = [
  [/^Exceeded MaxStartups\r?\n?$/, "too_many_logins"],
  [/^Not allowed at this time\r?\n?$/, "penalized"],
];

/** What went wrong before authentication succeeded. */
export function loginFailure(hop: Hop, { stage, said, failure, mismatch }: LoginEvidence): Problem {
  if (said !== undefined) return noGreeting(hop, said);
  const level = failure !== undefined && "level" in failure ? failure.level : undefined;
  if (level === "client-socket" && errorCode(failure) !== undefined) return unreachableBy(hop, failure);
  if (failure === undefined || level === "client-socket") return unreachable(hop, "closed", failure);
  // Nothing but a close can otherwise end the first stage, since Hostrun itself reads the identification.
  if (stage === "greeting") return unreachable(hop, "closed", failure);
  if ("code" in failure && typeof failure.code === "number") {
    const reason = visibleLine(failure.message);
    return protocolError(hop, `ended the key exchange (“${reason}”). Look at the server's log.`, failure);
  }
  if (level === "handshake") return keyExchangeFailure(hop, mismatch, failure);
  return protocolError(
    hop,
    "sent something that is not valid SSH. Check the server, and any proxy in front of it.",
    failure,
  );
}

function noGreeting(hop: Hop, said: string): Problem {
  const refusal = refusals.find(([form]) => form.test(said));
  return refusal === undefined
    ? protocolError(
        hop,
        "is not an SSH server: it answered with something else. Check the address and the port.",
      )
    : unreachable(hop, refusal[1]);
}

function keyExchangeFailure(hop: Hop, mismatch: Mismatch | undefined, failure: Error): Problem {
  if (mismatch === undefined) {
    return protocolError(
      hop,
      "failed in the key exchange. Try again; then look at the server's log.",
      failure,
    );
  }
  const { what, server, ours, option } = mismatch;
  const offered = server.filter((name) => !/^(ext-info|kex-strict)-/.test(name)).join(", ");
  return new Problem(
    "protocol_error",
    `${nameOf(hop)} and Hostrun have no ${what} algorithm in common: the server offers ${visibleLine(offered)}. Hostrun ` +
      `takes no SHA-1, no CBC, no DSA and no group exchange. Allow ${ours.slice(0, 3).join(", ")} or the like there ` +
      `(${option} in sshd_config), or update the server. An old device can be let in by itself: hostrun hosts edit NAME ` +
      "--legacy-algorithms.",
    { ...membersOf(hop), reason: "no_common_algorithm", cause: failure },
  );
}

/** For when nobody could be asked for a new password. */
export function passwordExpired(hop: Hop): Problem {
  return new Problem(
    "authentication_failed",
    `The password of ${nameOf(hop)} has expired. Connect from a terminal or the editor to set a new one, or change it with ssh.`,
    { ...membersOf(hop), reason: "password_expired" },
  );
}

/** For one direction. `mac` is empty if the cipher authenticates by itself. */
export interface ChosenCipher {
  readonly cipher: string;
  readonly mac: string;
}

/**
 * chacha20-poly1305 and encrypt-then-MAC can be tampered with unless the key exchange is strict (Terrapin,
 * CVE-2023-48795).
 */
export function refusesCipher(
  hop: Hop,
  isStrict: boolean,
  chosen: readonly ChosenCipher[],
): Problem | undefined {
  const unsafe = chosen.find(({ cipher, mac }) => cipher === chacha20 || mac.includes("-etm@"));
  if (unsafe === undefined || isStrict) return undefined;
  const what = unsafe.cipher === chacha20 ? "chacha20-poly1305" : "encrypt-then-MAC";
  return protocolError(
    hop,
    `offers only ${what}, without the strict key exchange that makes it safe (CVE-2023-48795). ` +
      "Update the server, or allow AES-GCM there.",
  );
}

/** ssh2 supports none of the algorithms that a host's configuration allows. */
export function noAlgorithms(hop: Hop, option: string): Problem {
  return new Problem(
    "protocol_error",
    `${nameOf(hop)}: none of the configured ${option} are supported by Hostrun's built-in SSH client. Allow others in the SSH ` +
      "configuration, or connect with the system's ssh: hostrun hosts edit NAME --transport openssh.",
    { ...membersOf(hop), reason: "no_common_algorithm" },
  );
}

/**
 * Whether ssh2 rejected what it received. Socket errors and disconnects have a `code`, and an unanswered keepalive has
 * the level "client-timeout"; ssh2's parser throws errors with neither.
 */
export function isProtocolFailure(failure: unknown): boolean {
  if (!(failure instanceof Error) || "code" in failure) return false;
  const level = "level" in failure ? failure.level : "protocol";
  return level === "protocol" || level === "handshake";
}

/** The server's reason for ending the login itself (SSH_MSG_DISCONNECT has a number). */
export function disconnectReason(failure: Error): string | undefined {
  return "code" in failure && typeof failure.code === "number" ? visibleLine(failure.message) : undefined;
}
