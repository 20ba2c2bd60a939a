import type { AlgorithmSettings } from "./hop-settings.ts";

/**
 * What Hostrun offers unless a host's configuration differs, in order of preference: no SHA-1, no CBC. Last come those
 * that are safe only with strict key exchange (CVE-2023-48795): encrypt-then-MAC and chacha20-poly1305.
 */
export const ownAlgorithms: AlgorithmSettings = {
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
  ciphers: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "chacha20-poly1305@openssh.com",
  ],
  macs: ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"],
  hostKey: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ],
  publicKey: [],
};

/** Supported by devices that were never updated. */
const legacy: AlgorithmSettings = {
  kex: ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
  ciphers: ["aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"],
  macs: ["hmac-sha1"],
  hostKey: ["ssh-rsa"],
  publicKey: [],
};

/** Appends the legacy algorithms to all others, so that they are chosen only if a server has nothing better. */
export function withLegacy(settings: AlgorithmSettings): AlgorithmSettings {
  const both = (list: "kex" | "ciphers" | "macs" | "hostKey"): string[] => {
    const known = settings[list].length === 0 ? ownAlgorithms[list] : settings[list];
    return [...new Set([...known, ...legacy[list]])];
  };
  const { publicKey } = settings;
  return {
    kex: both("kex"),
    ciphers: both("ciphers"),
    macs: both("macs"),
    hostKey: both("hostKey"),
    publicKey,
  };
}
