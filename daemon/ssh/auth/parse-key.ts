import ssh2, { type ParsedKey } from "ssh2";

/**
 * A key of any format that ssh2 knows, also a public one in wire form; undefined when there is none, or the passphrase is
 * wrong or missing. ssh2 gives back an Error, throws on some damaged keys, or gives a list of one.
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
