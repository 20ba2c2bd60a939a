import type { Algorithms, ServerHostKeyAlgorithm } from "ssh2";

/**
 * What Hostrun offers, the best first: no SHA-1, no CBC, no compression. Group exchange is last since the server
 * has to find a prime (over a second); chacha20-poly1305 is last and needs the strict key exchange besides
 * (see connection.ts, CVE-2023-48795).
 */
export function algorithmsFor(knownKeyTypes: readonly string[]): Algorithms {
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
      "diffie-hellman-group-exchange-sha256",
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
