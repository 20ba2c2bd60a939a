import ssh2, { type ParsedKey } from "ssh2";

/**
 * Parses a key of any format that ssh2 supports, including a public one in wire form; undefined if there is none, or the
 * passphrase is wrong or missing. ssh2 returns an Error, throws on some damaged keys, or returns an array of one.
 */
export function parseKey(content: Buffer, passphrase?: string): ParsedKey | undefined {
  try {
    const parsed: unknown = ssh2.utils.parseKey(content, passphrase);
    const key: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    return isParsedKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

function isParsedKey(value: unknown): value is ParsedKey {
  return typeof value === "object" && value !== null && !(value instanceof Error) && "getPublicSSH" in value;
}
