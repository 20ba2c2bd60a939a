import type {
  CipherAlgorithm,
  CompressionAlgorithm,
  KexAlgorithm,
  MacAlgorithm,
  ServerHostKeyAlgorithm,
} from "ssh2";
import { ownAlgorithms } from "../../transport/algorithms.ts";
import type { AlgorithmSettings } from "../../transport/hop-settings.ts";
import type { ServerOffer } from "./server-offer.ts";

export interface OfferedAlgorithms {
  readonly kex: KexAlgorithm[];
  readonly serverHostKey: ServerHostKeyAlgorithm[];
  readonly cipher: CipherAlgorithm[];
  readonly hmac: MacAlgorithm[];
  readonly compress: CompressionAlgorithm[];
}

/**
 * Everything that ssh2 supports and that is not broken. Group exchange is omitted: Node checks the server's prime on the
 * event loop for 1 s (3072 bits) to 30 s (8192), while the fixed groups take 12 ms at most (group 18).
 */
const supported: Omit<OfferedAlgorithms, "compress"> = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group15-sha512",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group17-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group1-sha1",
  ],
  serverHostKey: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
    "ssh-dss",
  ],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
    "3des-cbc",
    "chacha20-poly1305@openssh.com",
  ],
  hmac: [
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha1",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha1-etm@openssh.com",
  ],
};

/** In the order of `wanted`; Hostrun's own order if that is empty. */
function chosen<Name extends string>(
  names: readonly Name[],
  wanted: readonly string[],
  own: readonly string[],
): Name[] {
  const order = wanted.length === 0 ? own : wanted;
  return names.filter((name) => order.includes(name)).sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

/**
 * The algorithms offered to a server, in order of preference. A list is empty if ssh2 supports nothing of what is wanted.
 * No compression.
 */
export function algorithmsFor(
  knownKeyTypes: readonly string[],
  wanted: AlgorithmSettings,
): OfferedAlgorithms {
  const cipher = chosen(supported.cipher, wanted.ciphers, ownAlgorithms.ciphers);
  return {
    kex: chosen(supported.kex, wanted.kex, ownAlgorithms.kex),
    serverHostKey: knownFirst(
      chosen(supported.serverHostKey, wanted.hostKey, ownAlgorithms.hostKey),
      knownKeyTypes,
    ),
    // Last, since it is refused if it is chosen without strict key exchange.
    cipher: [...cipher.filter((name) => name !== chacha20), ...cipher.filter((name) => name === chacha20)],
    hmac: chosen(supported.hmac, wanted.macs, ownAlgorithms.macs),
    compress: ["none"],
  };
}

export const chacha20 = "chacha20-poly1305@openssh.com";

/** Key types on record for the host come first, so that a server with several keys presents a known one. */
function knownFirst(
  algorithms: readonly ServerHostKeyAlgorithm[],
  knownKeyTypes: readonly string[],
): ServerHostKeyAlgorithm[] {
  const isKnown = (name: ServerHostKeyAlgorithm): boolean =>
    knownKeyTypes.includes(name.startsWith("rsa-sha2-") ? "ssh-rsa" : name);
  return [...algorithms.filter(isKnown), ...algorithms.filter((name) => !isKnown(name))];
}

/** The first option of ssh_config(5) that leaves no algorithm supported by ssh2; undefined: each kind has one. */
export function unavailable(offered: OfferedAlgorithms): string | undefined {
  const lists = [
    ["KexAlgorithms", offered.kex],
    ["HostKeyAlgorithms", offered.serverHostKey],
    ["Ciphers", offered.cipher],
    ["MACs", offered.hmac],
  ] as const;
  return lists.find(([, names]) => names.length === 0)?.[0];
}

export interface Mismatch {
  /** Completes "no … algorithm in common". */
  readonly what: string;
  readonly server: readonly string[];
  readonly ours: readonly string[];
  /** The option of sshd_config(5). */
  readonly option: string;
}

/**
 * Returns the first kind of algorithm without a match; undefined if each has one. The first of the client's algorithms
 * that the server also supports is chosen (RFC 4253, section 7.1).
 */
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
      ...(/-(?:ctr|cbc)$/.test(ours.cipher.find((name) => cipher[way].includes(name)) ?? "")
        ? [{ what: "MAC", server: hmac[way], ours: ours.hmac, option: "MACs" }]
        : []),
    ]),
  ];
  return lists.find((list) => !list.ours.some((name) => list.server.includes(name)));
}
