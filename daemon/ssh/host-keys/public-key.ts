import { readString } from "../wire-string.ts";
import { keyTypeOf, rsaBits } from "./host-key.ts";

/** Checks for the strings that follow a key's type; `null`: anything. */
type Fields = readonly (((value: Buffer) => boolean) | null)[];

const hasBytes =
  (length: number) =>
  (value: Buffer): boolean =>
    value.length === length;
const point =
  (length: number) =>
  (value: Buffer): boolean =>
    value.length === length && value[0] === 4;
const named =
  (curve: string) =>
  (value: Buffer): boolean =>
    value.toString("latin1") === curve;

/** The plain key types that OpenSSH supports (sshkey.c). */
const fieldsOf: ReadonlyMap<string, Fields> = new Map<string, Fields>([
  ["ssh-ed25519", [hasBytes(32)]],
  ["ssh-rsa", [null, null]],
  ["ssh-dss", [null, null, null, null]],
  ["ecdsa-sha2-nistp256", [named("nistp256"), point(65)]],
  ["ecdsa-sha2-nistp384", [named("nistp384"), point(97)]],
  ["ecdsa-sha2-nistp521", [named("nistp521"), point(133)]],
  ["sk-ssh-ed25519@openssh.com", [hasBytes(32), null]],
  ["sk-ecdsa-sha2-nistp256@openssh.com", [named("nistp256"), point(65), null]],
]);

/** OpenSSH rejects shorter ones (SSH_RSA_MINIMUM_MODULUS_SIZE). */
const minRsaBits = 1024;

/**
 * A public key as written in known_hosts and public key files: its type, then its wire form in base64. undefined if
 * OpenSSH would reject it: a type that it does not support, or a wire form that has another type, is truncated or has
 * trailing data.
 */
export function readPublicKey(keyType: string, base64: string): Buffer | undefined {
  const text = base64.replace(/\s+$/, "");
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, "base64");
  if (keyTypeOf(key) !== keyType) return undefined;
  return isCertificateType(keyType) || hasFields(key, fieldsOf.get(keyType)) ? key : undefined;
}

function isCertificateType(keyType: string): boolean {
  const plain = /^(.+)-cert-v01@openssh\.com$/.exec(keyType)?.[1];
  return plain !== undefined && (fieldsOf.has(plain) || fieldsOf.has(`${plain}@openssh.com`));
}

function hasFields(key: Buffer, fields: Fields | undefined): boolean {
  if (fields === undefined) return false;
  let at = readString(key, 0)?.end ?? 0;
  for (const holds of fields) {
    const field = readString(key, at);
    if (field === undefined || holds?.(field.value) === false) return false;
    at = field.end;
  }
  const bits = rsaBits(key);
  return at === key.length && (bits === undefined || bits >= minRsaBits);
}
