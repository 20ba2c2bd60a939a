import { type ParsedKey, utils } from "ssh2";
import { readString } from "../wire-string.ts";

/** What a file holds that should be of a key. */
export type KeyFile =
  | {
      readonly kind: "private";
      readonly encrypted: boolean;
      /** undefined where it is encrypted with the rest. */
      readonly publicKey: Buffer | undefined;
    }
  | { readonly kind: "public"; readonly publicKey: Buffer }
  | { readonly kind: "none" };

/** What it returns shares no memory with what is secret. */
export function parseKeyFile(content: Buffer): KeyFile {
  if (isEncrypted(content)) {
    const part = publicPart(content);
    return {
      kind: "private",
      encrypted: true,
      publicKey: part === undefined ? undefined : Buffer.from(part),
    };
  }
  const key = parseKey(content);
  if (key === undefined) return { kind: "none" };
  const publicKey = Buffer.from(key.getPublicSSH());
  return key.isPrivateKey()
    ? { kind: "private", encrypted: false, publicKey }
    : { kind: "public", publicKey };
}

/**
 * A key of any format that ssh2 knows, also a public one in wire form; undefined when there is none. ssh2 gives back an
 * Error, throws on some damaged keys, or gives a list of one.
 */
export function parseKey(content: Buffer): ParsedKey | undefined {
  try {
    const parsed: unknown = utils.parseKey(content);
    const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    return isParsedKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

function isParsedKey(value: unknown): value is ParsedKey {
  return typeof value === "object" && value !== null && !(value instanceof Error) && "getPublicSSH" in value;
}

/** By the file's structure: OpenSSH's own format names its cipher, PEM has headers or a type for it. */
export function isEncrypted(content: Buffer): boolean {
  const openssh = opensshBody(content);
  if (openssh !== undefined) return (cipherOf(openssh) ?? "none") !== "none";
  const text = content.toString("latin1");
  return /^-----BEGIN ENCRYPTED PRIVATE KEY-----/m.test(text) || /^Proc-Type: 4,ENCRYPTED/m.test(text);
}

const magic = "openssh-key-v1\0";

/** What follows the magic word of OpenSSH's format (PROTOCOL.key). */
function opensshBody(content: Buffer): Buffer | undefined {
  const armour = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/;
  const base64 = armour.exec(content.toString("latin1"))?.[1];
  if (base64 === undefined) return undefined;
  const body = Buffer.from(base64, "base64");
  return body.toString("latin1", 0, magic.length) === magic ? body.subarray(magic.length) : undefined;
}

function cipherOf(body: Buffer): string | undefined {
  return readString(body, 0)?.value.toString("latin1");
}

/** The public part stands in clear also where the private one is encrypted. */
function publicPart(content: Buffer): Buffer | undefined {
  const body = opensshBody(content);
  if (body === undefined) return undefined;
  let at = 0;
  // Cipher, key derivation and its options come first, then the number of keys.
  for (let skipped = 0; skipped < 3; skipped += 1) {
    const field = readString(body, at);
    if (field === undefined) return undefined;
    at = field.end;
  }
  return readString(body, at + 4)?.value;
}
