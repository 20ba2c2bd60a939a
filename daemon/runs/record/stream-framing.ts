import { newline, type Piece, splitNoise } from "./noise.ts";
import { unfinishedBytes } from "./utf8.ts";

const nothing = Buffer.alloc(0);
const longBytes = 16 * 1024;

/** Whether joining the chunk with others would cost more than it saves. */
export function isLong(chunk: Buffer): boolean {
  return chunk.length >= longBytes;
}

/**
 * Splits the bytes of one stream at character boundaries, and separates shell noise from the rest. Loses and reorders
 * nothing.
 */
export class StreamFraming {
  readonly #findsNoise: boolean;
  #held: Buffer = nothing;
  #atLineStart = true;

  constructor({ findsNoise }: { readonly findsNoise: boolean }) {
    this.#findsNoise = findsNoise;
  }

  /**
   * What can be recorded of the bytes so far; an incomplete character, or what may be the beginning of noise, is held.
   */
  take(chunks: readonly Buffer[]): Piece[] {
    const bytes = inOne(this.#held, chunks);
    this.#held = nothing;
    if (!this.#findsNoise) return this.#whole(bytes);
    const { pieces, held } = splitNoise(bytes, this.#atLineStart);
    const taken = pieces.flatMap((piece, index) => {
      const last = index === pieces.length - 1 && held.length === 0;
      return piece.noise || !last ? [piece] : this.#whole(piece.bytes);
    });
    if (held.length > 0) this.#held = Buffer.from(held);
    const next = bytes.length - this.#held.length;
    if (next > 0) this.#atLineStart = bytes[next - 1] === newline;
    return taken;
  }

  /** The held bytes; no more follow. */
  rest(): Buffer {
    const rest = this.#held;
    this.#held = nothing;
    return rest;
  }

  /** Continues after bytes that were recorded earlier. */
  continueAfter(bytes: Buffer): void {
    this.#atLineStart = bytes.at(-1) === newline;
  }

  #whole(bytes: Buffer): Piece[] {
    const cut = bytes.length - unfinishedBytes(bytes);
    this.#held = Buffer.from(bytes.subarray(cut));
    return [{ bytes: bytes.subarray(0, cut), noise: false }];
  }
}

/** A single long chunk is not copied, unless it is a small part of the buffer that it would keep in memory. */
function inOne(held: Buffer, chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  const isAlone = held.length === 0 && chunks.length === 1;
  if (first !== undefined && isAlone && isLong(first) && 2 * first.length > first.buffer.byteLength)
    return first;
  return Buffer.concat([held, ...chunks]);
}
