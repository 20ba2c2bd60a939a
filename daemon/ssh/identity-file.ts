import { type ParsedKey, utils } from "ssh2";
import type { UserFiles } from "../core/user-files.ts";
import { readString } from "./wire-string.ts";

/** What there is at the path of a private key. */
export type IdentityFile =
  | { readonly kind: "key"; readonly path: string; readonly key: ParsedKey }
  /** Usable through an agent only; the public part may be known from the file or from its `.pub`. */
  | { readonly kind: "encrypted"; readonly path: string; readonly publicKey: Buffer | undefined }
  /** Its public part, if there is one beside it, may name a key of the agent. */
  | { readonly kind: "missing"; readonly path: string; readonly publicKey: Buffer | undefined }
  /** Only the public part: it names a key of the agent. */
  | { readonly kind: "public"; readonly path: string; readonly publicKey: Buffer }
  | { readonly kind: "unreadable"; readonly path: string; readonly why: string };

const maxBytes = 64 * 1024;

/** Never rejects. */
export async function readIdentityFile(path: string, files: UserFiles): Promise<IdentityFile> {
  const read = await files.read(path, maxBytes);
  if (read.kind === "missing") {
    return { kind: "missing", path, publicKey: await readPublicKey(`${path}.pub`, files) };
  }
  if (read.kind === "unreadable") return { ...read, path };
  const { bytes } = read;
  if (isEncrypted(bytes)) {
    const publicKey = publicPart(bytes) ?? (await readPublicKey(`${path}.pub`, files));
    return { kind: "encrypted", path, publicKey };
  }
  const key = parseKey(bytes);
  if (key?.isPrivateKey() === true) return { kind: "key", path, key };
  if (key !== undefined) return { kind: "public", path, publicKey: key.getPublicSSH() };
  return { kind: "unreadable", path, why: "it holds no private key of a type that Hostrun knows" };
}

/** A public key file's key in wire form; undefined when there is none. */
async function readPublicKey(path: string, files: UserFiles): Promise<Buffer | undefined> {
  const read = await files.read(path, maxBytes);
  return read.kind === "content" ? parseKey(read.bytes)?.getPublicSSH() : undefined;
}

/** ssh2 gives back an Error, throws on some damaged keys, or gives a list of one. */
function parseKey(content: Buffer): ParsedKey | undefined {
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
