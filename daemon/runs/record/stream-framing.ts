import { newline, type Piece, splitNoise } from "./noise.ts";
import { unfinishedBytes } from "./utf8.ts";

const nothing = Buffer.alloc(0);

/** Cuts the bytes of one stream where characters end, and shell noise from the rest. Loses and reorders nothing. */
export class StreamFraming {
  readonly #findsNoise: boolean;
  #held: Buffer = nothing;
  #atLineStart = true;

  constructor({ findsNoise }: { readonly findsNoise: boolean }) {
    this.#findsNoise = findsNoise;
  }

  /** What can be recorded of the bytes so far; the beginning of a character, or of what may be noise, is held. */
  take(chunks: readonly Buffer[]): Piece[] {
    const bytes = Buffer.concat([this.#held, ...chunks]);
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

  /** What is held; no more bytes come. */
  rest(): Buffer {
    const rest = this.#held;
    this.#held = nothing;
    return rest;
  }

  /** Goes on behind bytes that were recorded earlier. */
  continueAfter(bytes: Buffer): void {
    this.#atLineStart = bytes.at(-1) === newline;
  }

  #whole(bytes: Buffer): Piece[] {
    const cut = bytes.length - unfinishedBytes(bytes);
    this.#held = Buffer.from(bytes.subarray(cut));
    return [{ bytes: bytes.subarray(0, cut), noise: false }];
  }
}
