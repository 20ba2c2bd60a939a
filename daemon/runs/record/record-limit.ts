import { unfinishedBytes } from "./utf8.ts";

/** What belongs to the end of the record gives way to what comes after it. */
export type RecordPart = "beginning" | "end";

export interface PlacedBytes {
  readonly pieces: readonly { readonly bytes: Buffer; readonly part: RecordPart }[];
  /** So many bytes at the end are not recorded. */
  readonly leftOut: number;
}

export const maxPieceBytes = 64 * 1024;
const maxCharacterBytes = 4;
/** Of a smaller record only the beginning is kept. */
const minBytesWithEnd = 64;

/**
 * The size of a record: its first half is kept for good, and of what comes after it the last half. `excessBytes` says how
 * much of that is to be dropped for what was placed since. What is not kept is counted.
 */
export class RecordLimit {
  #room: number;
  readonly #endLimit: number;
  #endBytes = 0;
  #truncated = 0;

  constructor(limitBytes: number) {
    this.#endLimit = limitBytes < minBytesWithEnd ? 0 : Math.floor(limitBytes / 2);
    this.#room = limitBytes - this.#endLimit;
  }

  /** How many bytes of the end are recorded beyond what is kept of it. */
  get excessBytes(): number {
    return Math.max(0, this.#endBytes - this.#endLimit);
  }

  get truncatedBytes(): number {
    return this.#truncated;
  }

  /** So many bytes of the end were taken out of the record. */
  dropped(bytes: number): void {
    this.#endBytes -= bytes;
    this.#truncated += bytes;
  }

  /** Which of `bytes` are recorded, and where. `showAll`: nothing is left out, though it may be dropped again at once. */
  place(bytes: Buffer, showAll: boolean): PlacedBytes {
    const beginning = this.#fit(bytes);
    const first = beginning.length > 0 ? [{ bytes: beginning, part: "beginning" } as const] : [];
    const rest = bytes.subarray(beginning.length);
    if (this.#endLimit === 0 && !showAll) {
      this.#truncated += rest.length;
      return { pieces: first, leftOut: rest.length };
    }
    return { pieces: [...first, ...this.#endPieces(rest)], leftOut: 0 };
  }

  /** Takes in bytes that are recorded already; the part that they belong to. */
  replay(size: number): RecordPart {
    const fits = size <= this.#room;
    this.#room = fits ? this.#room - size : 0;
    if (fits) return "beginning";
    this.#endBytes += size;
    return "end";
  }

  /** Counts bytes as lost that were taken in before. */
  skip(size: number): void {
    this.#truncated += size;
    // Either they had their place in the beginning, or it was closed when they came.
    this.#room = Math.max(0, this.#room - size);
  }

  /** Placed bytes could not be written. */
  giveUp(size: number, part: RecordPart): void {
    this.#truncated += size;
    if (part === "end") this.#endBytes -= size;
  }

  /** What may stay is in pieces that are small against what is kept of the end, since that is dropped by the piece. */
  *#endPieces(bytes: Buffer): Generator<{ bytes: Buffer; part: "end" }> {
    const staysFrom = bytes.length - this.#endLimit;
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(maxPieceBytes, at < staysFrom ? staysFrom - at : this.#endLimit >> 3);
      const piece = bytes.subarray(at, at + Math.max(maxCharacterBytes, size));
      const cut = at + piece.length < bytes.length ? piece.length - unfinishedBytes(piece) : piece.length;
      this.#endBytes += cut;
      yield { bytes: piece.subarray(0, cut), part: "end" };
      at += cut;
    }
  }

  /** As much as there is room for, without cutting a character; what once did not fit closes the beginning. */
  #fit(bytes: Buffer): Buffer {
    if (bytes.length <= this.#room) {
      this.#room -= bytes.length;
      return bytes;
    }
    const kept = bytes.subarray(0, this.#room);
    this.#room = 0;
    return kept.subarray(0, kept.length - unfinishedBytes(kept));
  }
}
