import type { Decrypt } from "../ssh2-internals.ts";

/** AES-GCM (RFC 5647): a packet is a length, that many bytes, and a tag. */
const headBytes = 4;
const tagBytes = 16;
/** ssh2's limit. */
const maxPacketBytes = 35_000;

/**
 * Makes an AES-GCM decipher read whole packets. When a packet arrives in two pieces, as half of those of long output do,
 * ssh2 deciphers each piece and then joins them: three buffers instead of one.
 */
export function inWholePackets(decrypt: Decrypt): Decrypt {
  const partial = new PartialPacket();
  return (data, from, to) => {
    let at = from;
    if (partial.size > 0) {
      at += partial.add(data.subarray(from, to));
      if (!partial.isWhole) return undefined;
      const end = decrypt(partial.bytes, 0, partial.size);
      partial.clear();
      if (end !== undefined) return Number.isFinite(end) ? at : end;
    }
    const whole = endOfWhole(data, at, to);
    const end = whole > at ? decrypt(data, at, whole) : undefined;
    if (end === undefined) partial.add(data.subarray(whole, to));
    return end;
  };
}

/** The beginning of a packet whose rest has not arrived. */
class PartialPacket {
  bytes = Buffer.alloc(0);
  size = 0;

  get isWhole(): boolean {
    return this.size >= headBytes && this.size >= sizeOf(this.bytes, 0);
  }

  clear(): void {
    this.size = 0;
  }

  /** Takes the bytes that belong to the packet, and returns their number. */
  add(more: Buffer): number {
    const before = this.size;
    this.#fill(more, headBytes);
    if (this.size >= headBytes) this.#fill(more.subarray(this.size - before), sizeOf(this.bytes, 0));
    return this.size - before;
  }

  #fill(more: Buffer, upTo: number): void {
    if (this.bytes.length < upTo) {
      const longer = Buffer.allocUnsafeSlow(upTo);
      this.bytes.copy(longer, 0, 0, this.size);
      this.bytes = longer;
    }
    if (upTo > this.size) this.size += more.copy(this.bytes, this.size, 0, upTo - this.size);
  }
}

/** The end of the last complete packet; an invalid length is left for ssh2 to refuse. */
function endOfWhole(data: Buffer, from: number, to: number): number {
  let at = from;
  while (to - at >= headBytes) {
    const end = at + sizeOf(data, at);
    if (end > to) return at;
    at = end;
  }
  return at;
}

function sizeOf(data: Buffer, at: number): number {
  const length = data.readUInt32BE(at);
  return length > maxPacketBytes ? headBytes : headBytes + length + tagBytes;
}
