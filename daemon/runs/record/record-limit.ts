import { unfinishedBytes } from "./utf8.ts";

/** What belongs to the end of the record makes room for what comes after it. */
export type RecordPart = "beginning" | "end";

export interface PlacedBytes {
  readonly pieces: readonly { readonly bytes: Buffer; readonly part: RecordPart }[];
  /** Number of bytes at the end that are not recorded. */
  readonly leftOut: number;
}

export const maxPieceBytes = 64 * 1024;
const maxCharacterBytes = 4;
/** A smaller record keeps only the beginning. */
const minBytesWithEnd = 64;

/**
 * The limit of a record: its first half is kept permanently, and of what follows the last half. `excessBytes` is how
 * much of that must be dropped to make room for what was placed since. Dropped bytes are counted.
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

  /** Recorded bytes of the end beyond its limit. */
  get excessBytes(): number {
    return Math.max(0, this.#endBytes - this.#endLimit);
  }

  get truncatedBytes(): number {
    return this.#truncated;
  }

  /** To be called when bytes of the end were dropped from the record. */
  dropped(bytes: number): void {
    this.#endBytes -= bytes;
    this.#truncated += bytes;
  }

  /**
   * Which of `bytes` are recorded, and in which part. `showAll`: everything is, even if it may be dropped again at
   * once.
   */
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

  /** Counts bytes that are already recorded; returns the part they belong to. */
  replay(size: number): RecordPart {
    const fits = size <= this.#room;
    this.#room = fits ? this.#room - size : 0;
    if (fits) return "beginning";
    this.#endBytes += size;
    return "end";
  }

  /** Counts bytes as lost that were received before. */
  skip(size: number): void {
    this.#truncated += size;
    // Either they had their place in the beginning, or it was full when they came.
    this.#room = Math.max(0, this.#room - size);
  }

  /** To be called when placed bytes could not be written. */
  giveUp(size: number, part: RecordPart): void {
    this.#truncated += size;
    if (part === "end") this.#endBytes -= size;
  }

  /**
   * Bytes that may stay are split into pieces that are small compared with the limit of the end, since whole pieces are
   * dropped.
   */
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

  /** As much as fits, without splitting a character. The first bytes that do not fit close the beginning. */
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
