/** Reads the string in SSH's wire form (RFC 4251, section 5) that starts at `at`; undefined if it is truncated. */
export function readString(bytes: Buffer, at: number): { value: Buffer; end: number } | undefined {
  if (at + 4 > bytes.length) return undefined;
  const end = at + 4 + bytes.readUInt32BE(at);
  return end > bytes.length ? undefined : { value: bytes.subarray(at + 4, end), end };
}

/** Encodes a string in SSH's wire form. */
export function wireString(value: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([length, value]);
}
