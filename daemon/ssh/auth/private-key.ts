import { createPrivateKey, type KeyObject } from "node:crypto";
import type { ParsedKey } from "ssh2";
import { readString } from "../wire-string.ts";
import { parseKey } from "./parse-key.ts";
import { publicKeyOf } from "./public-key.ts";

/** A private key that can sign. */
export interface PrivateKey {
  readonly key: KeyObject;
  /** In SSH's wire form. */
  readonly publicKey: Buffer;
}

/** A private key's armour, anywhere in the file: OpenSSH ignores text around it as well. */
const armour = /^-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----\n[^]*?\n-----END \1-----$/m;

/** The first private key of a file in its armour, with Unix line endings; undefined if there is none. */
export function privateKeyBlock(content: Buffer): string | undefined {
  return armour.exec(content.toString("latin1").replaceAll("\r\n", "\n").replaceAll("\r", "\n"))?.[0];
}

/**
 * Whether the block is encrypted, judging by its structure: OpenSSH's own format names its cipher, PEM has headers or a
 * type for it.
 */
export function isEncryptedBlock(block: string): boolean {
  const body = opensshBody(block);
  if (body !== undefined) return readString(body, 0)?.value.toString("latin1") !== "none";
  return block.startsWith("-----BEGIN ENCRYPTED ") || /^Proc-Type: 4,ENCRYPTED$/m.test(block);
}

/**
 * Parses a block: OpenSSH's format with ssh2, PEM and PKCS#8 with Node. undefined if the passphrase is wrong or missing,
 * or Hostrun cannot log in with the key's type. With a passphrase this may take seconds.
 */
export function openPrivateKey(block: string, passphrase?: string): PrivateKey | undefined {
  if (opensshBody(block) !== undefined)
    return privateKeyOf(parseKey(Buffer.from(block, "latin1"), passphrase));
  const locked = passphrase === undefined ? {} : { passphrase };
  return made(() => createPrivateKey({ key: block, format: "pem", ...locked }));
}

/** Converts a private key parsed by ssh2; undefined if it is not a private key. */
export function privateKeyOf(parsed: ParsedKey | undefined): PrivateKey | undefined {
  if (parsed?.isPrivateKey() !== true) return undefined;
  return made(() => createPrivateKey(parsed.getPrivatePEM()));
}

function made(make: () => KeyObject): PrivateKey | undefined {
  try {
    const key = make();
    const publicKey = publicKeyOf(key);
    return publicKey === undefined ? undefined : { key, publicKey };
  } catch {
    return undefined;
  }
}

/** The public part of a block in OpenSSH's format, which is in the clear even if the private part is encrypted. */
export function publicPartOf(block: string): Buffer | undefined {
  const body = opensshBody(block);
  if (body === undefined) return undefined;
  let at = 0;
  // Cipher, key derivation function and its options come first, then the number of keys.
  for (let skipped = 0; skipped < 3; skipped += 1) {
    const field = readString(body, at);
    if (field === undefined) return undefined;
    at = field.end;
  }
  return readString(body, at + 4)?.value;
}

const magic = "openssh-key-v1\0";

/** What follows the magic string of OpenSSH's format (PROTOCOL.key). */
function opensshBody(block: string): Buffer | undefined {
  if (!block.startsWith("-----BEGIN OPENSSH ")) return undefined;
  const body = Buffer.from(block.split("\n").slice(1, -1).join(""), "base64");
  return body.toString("latin1", 0, magic.length) === magic ? body.subarray(magic.length) : undefined;
}
