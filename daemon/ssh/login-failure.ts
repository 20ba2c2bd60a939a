import type { Client } from "ssh2";
import type { Problem } from "../../protocol/problem.ts";
import type { Hop } from "../runs/remote.ts";
import { chacha20 } from "./algorithms.ts";
import { codeOf, plainText, protocolError, unreachable, unreachableBy } from "./failure.ts";
import { isStrictKeyExchange } from "./ssh2-internals.ts";

/** What a login is at, as a message says it ("it was …"). */
export type LoginStage = "waiting for the server's greeting" | "exchanging keys" | "logging in";

export interface LoginEvidence {
  readonly stage: LoginStage;
  /** Something came that is no SSH greeting. */
  readonly garbage?: boolean;
  /** What ssh2 reported: told apart by its `level` and `code`, never by its words. */
  readonly failure?: Error;
}

/** What went wrong before anybody was logged in. */
export function loginFailure(hop: Hop, { stage, garbage, failure }: LoginEvidence): Problem {
  if (garbage === true) {
    return protocolError(hop, "answered, but not as an SSH server does. Check the address and the port.");
  }
  const level = failure !== undefined && "level" in failure ? failure.level : undefined;
  if (level === "client-socket" && codeOf(failure) !== undefined) return unreachableBy(hop, failure);
  if (failure === undefined || level === "client-socket") return unreachable(hop, "closed", failure);
  // Nothing but a close can end the first stage otherwise: the greeting is read by Hostrun itself.
  if (stage === "waiting for the server's greeting") return unreachable(hop, "closed", failure);
  if ("code" in failure && typeof failure.code === "number") {
    const said = plainText(failure.message);
    return protocolError(hop, `ended the key exchange (“${said}”). Look at the server's log.`, failure);
  }
  if (level === "handshake") {
    return protocolError(
      hop,
      "and Hostrun have no way of key exchange or encryption in common, or it failed. Hostrun takes no SHA-1, no CBC and no " +
        "DSA: a server that offers nothing else needs an update.",
      failure,
    );
  }
  return protocolError(
    hop,
    "sent something that is no valid SSH. Check the server, and what stands before it.",
    failure,
  );
}

/** chacha20-poly1305 can be tampered with unless the key exchange is strict (Terrapin, CVE-2023-48795). */
export function refusesCipher(hop: Hop, client: Client, ciphers: readonly string[]): Problem | undefined {
  if (!ciphers.includes(chacha20) || isStrictKeyExchange(client)) return undefined;
  return protocolError(
    hop,
    "offers only chacha20-poly1305, without the strict key exchange that makes it safe (CVE-2023-48795). " +
      "Update the server, or allow AES there.",
  );
}
