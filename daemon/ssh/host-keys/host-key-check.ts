import { PlainAddress } from "../../../protocol/known-host.ts";
import { Problem } from "../../../protocol/problem.ts";
import type { Log } from "../../core/log.ts";
import type { Hop } from "../../transport/remote.ts";
import { membersOf, nameOf } from "../failure.ts";
import { changedKey, type ShownKey, shownKey, swappedKey } from "./changed-key.ts";
import { describeKey, type KeyDescription, rsaBits } from "./host-key.ts";
import type { HostKeys } from "./host-keys.ts";

export interface HostKeyCheckOptions {
  readonly hop: Hop;
  readonly hostKeys: HostKeys;
  /** RSA keys with fewer bits are refused, even known ones; a hop's configuration may override this. */
  readonly requiredRsaSize: number;
  readonly log: Log;
}

/**
 * The one place where host keys are accepted. ssh2 treats anything but a literal `false` as consent and asks again at
 * every rekey: `verify` is synchronous, returns a boolean, and after the first time accepts only the same key.
 */
export class HostKeyCheck {
  readonly #hop: Hop;
  readonly #hostKeys: HostKeys;
  readonly #requiredRsaSize: number;
  readonly #log: Log;
  #pinned: Buffer | undefined;
  #problem: Problem | undefined;

  constructor({ hop, hostKeys, requiredRsaSize, log }: HostKeyCheckOptions) {
    this.#hop = hop;
    this.#hostKeys = hostKeys;
    this.#requiredRsaSize = hop.settings.trust.requiredRsaSize ?? requiredRsaSize;
    this.#log = log;
  }

  /** Why the key was refused. */
  get problem(): Problem | undefined {
    return this.#problem;
  }

  get accepted(): Buffer | undefined {
    return this.#pinned;
  }

  readonly verify = (key: Buffer): boolean => {
    try {
      this.#problem = this.#pinned === undefined ? this.#judge(key) : this.#compare(this.#pinned, key);
    } catch (cause) {
      this.#problem = new Problem("internal", `The host key of ${nameOf(this.#hop)} could not be checked.`, {
        ...membersOf(this.#hop),
        cause,
      });
    }
    if (this.#problem !== undefined) return false;
    this.#pinned ??= Buffer.from(key);
    return true;
  };

  #judge(key: Buffer): Problem | undefined {
    const hop = this.#hop;
    const verdict = this.#hostKeys.verdict(key);
    switch (verdict.kind) {
      case "known":
        return this.#tooShort(key);
      case "changed":
        return changedKey(hop, key, verdict.expected, this.#hostKeys);
      case "revoked":
        return revoked(hop, key, verdict.at);
      case "unexamined":
        return unverified(hop, key, "it has to be looked up first");
      case "unverifiable":
        return unverified(hop, key, verdict.why);
      case "unknown":
        return this.#tooShort(key) ?? this.#unknown(key);
    }
  }

  #tooShort(key: Buffer): Problem | undefined {
    const bits = rsaBits(key);
    if (bits === undefined || bits >= this.#requiredRsaSize) return undefined;
    return new Problem(
      "protocol_error",
      `${nameOf(this.#hop)} has an RSA host key of ${bits} bits, which can be forged; at least ${this.#requiredRsaSize} ` +
        "are required (requiredRsaSize). Give the server another host key: ssh-keygen -A makes one of each type.",
      { ...membersOf(this.#hop), ...describeKey(key), reason: "rsa_key_too_short" },
    );
  }

  #unknown(key: Buffer): Problem | undefined {
    const hop = this.#hop;
    const { keyType, fingerprint } = describeKey(key);
    const { unread, notes, recordAs, recording } = this.#hostKeys;
    const members = { ...membersOf(hop), ...recordAs, keyType, fingerprint, key: key.toString("base64") };
    const shown = [
      `The host key of ${nameOf(hop)} is not known yet: ${keyType}, ${fingerprint}.`,
      ...(unread.length === 0 ? [] : [`${unread.join(" and ")} could not be read.`]),
      ...notes,
    ].join(" ");
    const refusal = (rule: string, reason: string): Problem =>
      new Problem("host_key_unknown", `${shown} ${rule}`, { ...members, reason });
    if (hop.hostKeyPolicy === "strict") {
      return refusal("The host key policy is strict: add the key to known_hosts first.", "strict");
    }
    if (!PlainAddress.safeParse(recordAs.address).success) {
      const rule =
        "It cannot be recorded, since the address would be a pattern in known_hosts: give the host a plain address.";
      return refusal(rule, "address");
    }
    if (hop.hostKeyPolicy === "ask") {
      return refusal("Compare the fingerprint with the server's, then trust the key and run again.", "ask");
    }
    if (unread.length > 0) {
      const rule = "Fix that, or compare the fingerprint with the server's, trust the key and run again.";
      return refusal(rule, "known_hosts_unreadable");
    }
    if (recording === "never") {
      const rule =
        "Its configuration names no file of known hosts (UserKnownHostsFile none), so no new key is taken by itself.";
      return refusal(rule, "no_known_hosts");
    }
    if (recording === "nowhere") this.#hostKeys.acceptOnce(key);
    else this.#hostKeys.add(key);
    const outcome =
      recording === "nowhere"
        ? "A new host key was accepted, and not recorded"
        : "A new host key was recorded";
    this.#log.info(outcome, { host: hop.name, address: hop.address, keyType, fingerprint });
    return undefined;
  }

  #compare(pinned: Buffer, key: Buffer): Problem | undefined {
    if (pinned.equals(key)) return undefined;
    return this.swapped(shownKey(key), describeKey(pinned));
  }

  /** The server presented a key other than at the beginning of the connection. */
  swapped(shown: ShownKey, pinned: KeyDescription): Problem {
    this.#log.error("A server presented another host key during a connection", {
      host: this.#hop.name,
      address: this.#hop.address,
      fingerprint: shown.fingerprint,
    });
    return swappedKey(this.#hop, shown, pinned);
  }
}

function revoked(hop: Hop, key: Buffer, at: string): Problem {
  const { keyType, fingerprint } = describeKey(key);
  return new Problem(
    "host_key_changed",
    `${nameOf(hop)} uses the ${keyType} host key ${fingerprint}, which is marked as revoked (${at}). Do not connect to it.`,
    { ...membersOf(hop), keyType, fingerprint, expected: [], reason: "revoked" },
  );
}

/** Omits the key itself, so that nobody is asked to trust it. */
function unverified(hop: Hop, key: Buffer, why: string): Problem {
  const { keyType, fingerprint } = describeKey(key);
  return new Problem(
    "host_key_unknown",
    `The host key of ${nameOf(hop)} could not be checked, and was not accepted: ${keyType}, ${fingerprint}; ${why}.`,
    { ...membersOf(hop), keyType, fingerprint, reason: "unverifiable" },
  );
}
