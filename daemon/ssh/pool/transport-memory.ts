import { LRUCache } from "lru-cache";
import { Problem } from "../../../protocol/problem.ts";
import type { HostKeys } from "../host-keys/host-keys.ts";
import type { PooledConnection } from "./pooled-connection.ts";

const maxBuckets = 1000;

/** Learns while connecting to a host that ssh2 can't do what it needs, and remembers that for its next connections. */
export class TransportMemory {
  /** ssh2's failure, before OpenSSH was tried. */
  readonly #bySsh2 = new WeakMap<PooledConnection, Problem>();
  readonly #reasons = new LRUCache<string, string>({ max: maxBuckets });

  /** Called before the first login, with what is known by then. */
  apply(pooled: PooledConnection, { hasAuthority }: Pick<HostKeys, "hasAuthority">): void {
    if (!isOpen(pooled)) return;
    const authority = hasAuthority ? "its host key may be signed by an authority in known_hosts" : undefined;
    const reason = authority ?? this.#reasons.get(pooled.bucket.key);
    if (reason !== undefined) pooled.useOpenSsh(reason);
  }

  /** Whether to try OpenSSH after `failure` of ssh2. */
  learn(pooled: PooledConnection, failure: unknown): boolean {
    if (!isOpen(pooled) || !(failure instanceof Problem)) return false;
    if (failure.members.reason !== "no_common_algorithm") return false;
    const reason = "ssh2 and it have no algorithm in common";
    this.#reasons.set(pooled.bucket.key, reason);
    this.#bySsh2.set(pooled, failure);
    pooled.useOpenSsh(reason);
    return true;
  }

  /** The failure to report: ssh2's, which is more informative, if OpenSSH got no further or is not installed. */
  failureToReport(pooled: PooledConnection, failure: unknown): unknown {
    const bySsh2 = this.#bySsh2.get(pooled);
    const { code, members } = failure instanceof Problem ? failure : {};
    if (bySsh2 === undefined || (code !== "protocol_error" && members?.reason !== "no_openssh"))
      return failure;
    this.#reasons.delete(pooled.bucket.key);
    return bySsh2;
  }
}

function isOpen({ target, transport }: PooledConnection): boolean {
  return target.settings.transport === "auto" && transport.transport === "ssh2";
}
