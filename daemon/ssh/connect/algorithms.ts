import type {
  CipherAlgorithm,
  CompressionAlgorithm,
  KexAlgorithm,
  MacAlgorithm,
  ServerHostKeyAlgorithm,
} from "ssh2";
import type { ServerOffer } from "./server-offer.ts";

export interface OfferedAlgorithms {
  readonly kex: KexAlgorithm[];
  readonly serverHostKey: ServerHostKeyAlgorithm[];
  readonly cipher: CipherAlgorithm[];
  readonly hmac: MacAlgorithm[];
  readonly compress: CompressionAlgorithm[];
}

/**
 * What Hostrun offers, the best first: no SHA-1, no CBC, no compression. There is no group exchange: Node looks at
 * the server's prime for 1 s (3072 bits) to 30 s (8192) on the event loop, while the fixed groups take 12 ms at
 * most (group 18). chacha20-poly1305 is last and needs the strict key exchange besides (see connection.ts,
 * CVE-2023-48795).
 */
export function algorithmsFor(knownKeyTypes: readonly string[]): OfferedAlgorithms {
  return {
    kex: [
      "curve25519-sha256",
      "curve25519-sha256@libssh.org",
      "ecdh-sha2-nistp256",
      "ecdh-sha2-nistp384",
      "ecdh-sha2-nistp521",
      "diffie-hellman-group16-sha512",
      "diffie-hellman-group18-sha512",
      "diffie-hellman-group14-sha256",
    ],
    serverHostKey: hostKeyAlgorithms(knownKeyTypes),
    cipher: [
      "aes128-gcm@openssh.com",
      "aes256-gcm@openssh.com",
      "aes128-ctr",
      "aes192-ctr",
      "aes256-ctr",
      chacha20,
    ],
    hmac: [
      "hmac-sha2-256-etm@openssh.com",
      "hmac-sha2-512-etm@openssh.com",
      "hmac-sha2-256",
      "hmac-sha2-512",
    ],
    compress: ["none"],
  };
}

export const chacha20 = "chacha20-poly1305@openssh.com";

const byKeyType: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]],
]);

/** The types that are known for a host stand first, so that a server with several keys shows a known one. */
export function hostKeyAlgorithms(knownKeyTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const types = [...byKeyType.keys()];
  const known = types.filter((type) => knownKeyTypes.includes(type));
  const others = types.filter((type) => !knownKeyTypes.includes(type));
  return [...known, ...others].flatMap((type) => byKeyType.get(type) ?? []);
}

export interface Mismatch {
  /** As in "no … algorithm in common". */
  readonly what: string;
  readonly server: readonly string[];
  readonly ours: readonly string[];
  /** The option of sshd_config(5). */
  readonly option: string;
}

/** Chosen is the first of ours that the server has, too (RFC 4253, section 7.1); undefined: there is one for each. */
export function mismatchOf(
  { kex, serverHostKey, cipher, hmac }: ServerOffer,
  ours: OfferedAlgorithms,
): Mismatch | undefined {
  const directions = ["to", "from"] as const;
  const lists: Mismatch[] = [
    { what: "key exchange", server: kex, ours: ours.kex, option: "KexAlgorithms" },
    { what: "host key", server: serverHostKey, ours: ours.serverHostKey, option: "HostKeyAlgorithms" },
    ...directions.flatMap((way) => [
      { what: "cipher", server: cipher[way], ours: ours.cipher, option: "Ciphers" },
      ...(ours.cipher.find((name) => cipher[way].includes(name))?.endsWith("-ctr") === true
        ? [{ what: "MAC", server: hmac[way], ours: ours.hmac, option: "MACs" }]
        : []),
    ]),
  ];
  return lists.find((list) => !list.ours.some((name) => list.server.includes(name)));
}
