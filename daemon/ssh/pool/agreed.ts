import type { Connection } from "../../../protocol/stats.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";

type Agreed = Pick<Connection, "server" | "kex" | "cipher" | "mac" | "hostKeyType" | "hostKeyFingerprint">;

/** Before a connection is up. */
export const notAgreed: Agreed = {
  server: null,
  kex: null,
  cipher: null,
  mac: null,
  hostKeyType: null,
  hostKeyFingerprint: null,
};

/** What its two ends have agreed on. */
export function agreedOn({ server, kex, cipher, mac, hostKey }: SshConnection): Agreed {
  return { server, kex, cipher, mac, hostKeyType: hostKey.keyType, hostKeyFingerprint: hostKey.fingerprint };
}
