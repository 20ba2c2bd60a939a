import { frameHeadBytes } from "../protocol/frames.ts";
import { Problem } from "../protocol/problem.ts";

/** One frame of a stream; see protocol/frames.ts. */
export interface Frame {
  readonly kind: number;
  readonly bytes: Buffer;
}

const maxFrameBytes = 16 * 1024 * 1024;

/**
 * Parses frames from bytes that may be split anywhere. Throws `protocol_error` for one of more than 16 MiB. Frames of
 * the kinds in `inPieces` are returned as their bytes arrive, each piece as a frame, without copying.
 */
export class FrameParser {
  readonly #inPieces: readonly number[];
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #neededBytes = frameHeadBytes;
  /** The frame whose pieces are being returned, and how many of its bytes are still missing. */
  #kind = 0;
  #toCome = 0;

  constructor(inPieces: readonly number[] = []) {
    this.#inPieces = inPieces;
  }

  /** Returns the frames that `chunk` completes, in order; their bytes may be views of `chunk`. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let rest = this.#goOn(chunk, frames);
    if (rest.length === 0) return frames;
    this.#waiting.push(rest);
    this.#waitingBytes += rest.length;
    if (this.#waitingBytes < this.#neededBytes) return frames;
    if (this.#waiting.length > 1) rest = Buffer.concat(this.#waiting, this.#waitingBytes);
    for (;;) {
      this.#neededBytes = this.#needed(rest);
      if (rest.length < this.#neededBytes) break;
      rest = this.#take(rest, frames);
    }
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
    return frames;
  }

  /** How many bytes are needed to continue, from the start of a frame on. */
  #needed(bytes: Buffer): number {
    const size = sizeOf(bytes);
    return this.#inPieces.includes(bytes[0] ?? 0) ? frameHeadBytes : size;
  }

  #take(bytes: Buffer, frames: Frame[]): Buffer {
    const kind = bytes[0] ?? 0;
    const size = sizeOf(bytes);
    if (!this.#inPieces.includes(kind)) {
      frames.push({ kind, bytes: bytes.subarray(frameHeadBytes, size) });
      return bytes.subarray(size);
    }
    this.#kind = kind;
    this.#toCome = size - frameHeadBytes;
    return this.#goOn(bytes.subarray(frameHeadBytes), frames);
  }

  /** Returns what is available of the current frame as a piece; the result is what follows it. */
  #goOn(bytes: Buffer, frames: Frame[]): Buffer {
    const piece = bytes.subarray(0, this.#toCome);
    this.#toCome -= piece.length;
    if (piece.length > 0) frames.push({ kind: this.#kind, bytes: piece });
    return bytes.subarray(piece.length);
  }
}

/** The size of a frame including its header; while the header is incomplete, the header's size. */
function sizeOf(bytes: Buffer): number {
  if (bytes.length < frameHeadBytes) return frameHeadBytes;
  const length = bytes.readUInt32BE(4);
  if (length <= maxFrameBytes) return frameHeadBytes + length;
  throw new Problem(
    "protocol_error",
    `The daemon sent a frame of ${length} bytes. This is a bug in Hostrun.`,
  );
}
