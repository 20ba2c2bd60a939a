import { createHash } from "node:crypto";
import { readString } from "../wire-string.ts";

/** A public key's type, and its fingerprint as `ssh-keygen -lf` prints it. */
export interface KeyDescription {
  readonly keyType: string;
  readonly fingerprint: string;
}

/** `key` is the public key in SSH's wire form (RFC 4253, section 6.6). */
export function describeKey(key: Buffer): KeyDescription {
  return { keyType: keyTypeOf(key) ?? "unknown", fingerprint: fingerprintOf(key) };
}

/** Cached, since every run needs the fingerprints of its login's keys. */
const fingerprints = new WeakMap<Buffer, string>();

/** "SHA256:" and base64 without padding. */
export function fingerprintOf(key: Buffer): string {
  const known = fingerprints.get(key);
  if (known !== undefined) return known;
  const fingerprint = `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
  fingerprints.set(key, fingerprint);
  return fingerprint;
}

/** The key's type, e.g. "ssh-ed25519": the first string of its wire form; undefined if it is malformed. */
export function keyTypeOf(key: Buffer): string | undefined {
  if (key.length < 8) return undefined;
  const length = key.readUInt32BE(0);
  if (length === 0 || length > 64 || 4 + length >= key.length) return undefined;
  const type = key.toString("latin1", 4, 4 + length);
  return /^[a-z0-9@.-]+$/i.test(type) ? type : undefined;
}

/** The size of an RSA key's modulus in bits; undefined for other keys, 0 for a truncated one. */
export function rsaBits(key: Buffer): number | undefined {
  const type = readString(key, 0);
  if (type?.value.toString("latin1") !== "ssh-rsa") return undefined;
  const exponent = readString(key, type.end);
  const modulus = exponent === undefined ? undefined : readString(key, exponent.end)?.value;
  const start = modulus?.findIndex((byte) => byte !== 0) ?? -1;
  if (modulus === undefined || start === -1) return 0;
  return (modulus.length - start) * 8 - (Math.clz32(modulus.readUInt8(start)) - 24);
}

const sizes: ReadonlyMap<string, number> = new Map([
  ["ssh-ed25519", 256],
  ["sk-ssh-ed25519@openssh.com", 256],
  ["ecdsa-sha2-nistp256", 256],
  ["sk-ecdsa-sha2-nistp256@openssh.com", 256],
  ["ecdsa-sha2-nistp384", 384],
  ["ecdsa-sha2-nistp521", 521],
]);

/** As `ssh-keygen -lf` prints it; undefined for a type without a fixed size. */
export function keyBits(key: Buffer): number | undefined {
  return rsaBits(key) ?? sizes.get(keyTypeOf(key) ?? "");
}
