import { createHash } from "node:crypto";
import { keyBits, keyTypeOf } from "./host-key.ts";

const width = 17;
const height = 9;
/** The number of visits; the last two mark the start and the end of the walk. */
const symbols = " .o+=*BOX@%&#/^SE";
const maxVisits = symbols.length - 3;
const start = symbols.length - 2;
const end = symbols.length - 1;

/**
 * A public key's fingerprint as the picture that `ssh-keygen -lv` draws (sshkey.c, fingerprint_randomart), one row per
 * line.
 */
export function randomArt(key: Buffer): string {
  const field = walk(createHash("sha256").update(key).digest());
  const rows = field.map((row) => `|${row.map((visits) => symbols.charAt(visits)).join("")}|`);
  return [border(titleOf(key)), ...rows, border("[SHA256]")].join("\n");
}

/** A bishop starts in the middle and takes a diagonal step for every two bits of the hash. */
function walk(hash: Buffer): number[][] {
  const field = Array.from({ length: height }, () => Array.from({ length: width }, () => 0));
  const put = (x: number, y: number, visits: (before: number) => number): void => {
    const row = field[y] ?? [];
    row[x] = visits(row[x] ?? 0);
  };
  let x = (width - 1) / 2;
  let y = (height - 1) / 2;
  for (const byte of hash) {
    for (let shift = 0; shift < 8; shift += 2) {
      const bits = byte >> shift;
      x = Math.min(width - 1, Math.max(0, x + (bits & 1 ? 1 : -1)));
      y = Math.min(height - 1, Math.max(0, y + (bits & 2 ? 1 : -1)));
      put(x, y, (before) => Math.min(before + 1, maxVisits));
    }
  }
  put((width - 1) / 2, (height - 1) / 2, () => start);
  put(x, y, () => end);
  return field;
}

const names: readonly (readonly [RegExp, string])[] = [
  [/^sk-ssh-ed25519/, "ED25519-SK"],
  [/^sk-ecdsa-/, "ECDSA-SK"],
  [/^ssh-ed25519/, "ED25519"],
  [/^ecdsa-/, "ECDSA"],
  [/^ssh-rsa/, "RSA"],
  [/^ssh-dss/, "DSA"],
];

function titleOf(key: Buffer): string {
  const keyType = keyTypeOf(key) ?? "";
  const name = names.find(([form]) => form.test(keyType))?.[1] ?? "unknown";
  const bits = keyBits(key);
  const title = bits === undefined ? `[${name}]` : `[${name} ${bits}]`;
  return title.length < width ? title : `[${name}]`;
}

function border(title: string): string {
  const before = "-".repeat(Math.floor((width - title.length) / 2));
  return `+${(before + title).padEnd(width, "-")}+`;
}
