import { parseKey } from "./parse-key.ts";
import {
  isEncryptedBlock,
  openPrivateKey,
  type PrivateKey,
  privateKeyBlock,
  privateKeyOf,
  publicPartOf,
} from "./private-key.ts";

/** The parsed content of a key file. */
export type KeyFile =
  | {
      readonly kind: "private";
      readonly encrypted: boolean;
      /** undefined: encrypted as well. */
      readonly publicKey: Buffer | undefined;
    }
  | { readonly kind: "public"; readonly publicKey: Buffer }
  | { readonly kind: "none" };

/** The result shares no memory with the private key. */
export function parseKeyFile(content: Buffer): KeyFile {
  const block = privateKeyBlock(content);
  if (block !== undefined && isEncryptedBlock(block)) {
    const part = publicPartOf(block);
    return {
      kind: "private",
      encrypted: true,
      publicKey: part === undefined ? undefined : Buffer.from(part),
    };
  }
  const opened = openKey(content);
  if (opened !== undefined) return { kind: "private", encrypted: false, publicKey: opened.publicKey };
  const key = block === undefined ? parseKey(content) : undefined;
  if (key === undefined) return { kind: "none" };
  return { kind: "public", publicKey: Buffer.from(key.getPublicSSH()) };
}

/** Returns the private key of an unencrypted file. */
export function openKey(content: Buffer): PrivateKey | undefined {
  const block = privateKeyBlock(content);
  // PuTTY's format has no armour.
  return block === undefined ? privateKeyOf(parseKey(content)) : openPrivateKey(block);
}
