import { createHash } from "node:crypto";
import { appendFileSync, createReadStream, fsyncSync, openSync, closeSync, readSync } from "node:fs";

/** Prefix of the seal, which follows the last page of a backup's database: a checksum of all preceding bytes. */
const prefix = "\nhostrun-backup-sha256:";
const sealBytes = prefix.length + 64 + 1;

export async function seal(path: string): Promise<void> {
  const sha256 = await hashOf(path, undefined);
  const file = openSync(path, "a");
  try {
    appendFileSync(file, `${prefix}${sha256}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * The number of bytes before the seal of a file of `size` bytes; undefined if there is no seal at its end, or the
 * checksum does not match.
 */
export async function sealedBytes(path: string, size: number): Promise<number | undefined> {
  const length = size - sealBytes;
  if (length <= 0) return undefined;
  const found = new RegExp(`^${prefix}([0-9a-f]{64})\n$`).exec(tailOf(path, length));
  if (found === null) return undefined;
  return (await hashOf(path, length)) === found[1] ? length : undefined;
}

function tailOf(path: string, from: number): string {
  const file = openSync(path, "r");
  try {
    const tail = Buffer.alloc(sealBytes);
    return tail.toString("latin1", 0, readSync(file, tail, 0, sealBytes, from));
  } finally {
    closeSync(file);
  }
}

async function hashOf(path: string, length: number | undefined): Promise<string> {
  const hash = createHash("sha256");
  const range = length === undefined ? {} : { end: length - 1 };
  for await (const chunk of createReadStream(path, { ...range, highWaterMark: 1 << 20 })) {
    if (chunk instanceof Buffer) hash.update(chunk);
  }
  return hash.digest("hex");
}
