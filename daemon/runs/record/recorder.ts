import { createHash } from "node:crypto";
import type { OutputStream } from "../../../protocol/event.ts";
import { newline, splitNoise } from "./noise.ts";
import type { GapContent, OutputContent } from "./stored-event.ts";
import { unfinishedBytes } from "./utf8.ts";

/** A piece of output ready to be recorded, or the announcement of bytes that are not. */
export type Recorded =
  | (OutputContent & {
      /** What belongs to the end of the record gives way to what comes after it. */
      readonly part: "beginning" | "end";
    })
  | GapContent;

const maxPiece = 64 * 1024;
const maxCharacter = 4;
/** Of a smaller record only the beginning is kept. */
const smallestWithEnd = 64;
const nothing = Buffer.alloc(0);

class StreamRecord {
  readonly hash = createHash("sha256");
  received = 0;
  /** Bytes handed on or given up so far; what is between this and `received` is waiting or held. */
  position = 0;
  held: Buffer = nothing;
  atLineStart = true;
  gapFrom: number | undefined;
}

/**
 * Cuts what arrives on stdout and stderr into pieces to be recorded: in the order it came, never within a
 * UTF-8 character, shell noise apart. The first half of `limitBytes` is kept for good, and of what comes after it
 * the last half: `excessBytes` says how much of that is to be dropped for what was taken since. What is not kept
 * is counted.
 */
export class Recorder {
  readonly #streams: Record<OutputStream, StreamRecord> = {
    stdout: new StreamRecord(),
    stderr: new StreamRecord(),
  };
  #waiting: { stream: OutputStream; chunks: Buffer[]; size: number }[] = [];
  #room: number;
  readonly #endLimit: number;
  #endBytes = 0;
  #truncated = 0;
  #showAll = false;

  constructor(limitBytes: number) {
    this.#endLimit = limitBytes < smallestWithEnd ? 0 : Math.floor(limitBytes / 2);
    this.#room = limitBytes - this.#endLimit;
  }

  /** How many bytes of the end are recorded beyond what is kept of it. */
  get excessBytes(): number {
    return Math.max(0, this.#endBytes - this.#endLimit);
  }

  /** Tells that so many bytes of the end were taken out of the record. */
  dropped(bytes: number): void {
    this.#endBytes -= bytes;
    this.#truncated += bytes;
  }

  get truncatedBytes(): number {
    return this.#truncated;
  }

  receivedBytes(stream: OutputStream): number {
    return this.#streams[stream].received;
  }

  push(stream: OutputStream, chunk: Buffer): void {
    const record = this.#streams[stream];
    record.received += chunk.length;
    record.hash.update(chunk);
    const last = this.#waiting.at(-1);
    if (last?.stream === stream && last.size + chunk.length <= maxPiece) {
      last.chunks.push(chunk);
      last.size += chunk.length;
    } else {
      this.#waiting.push({ stream, chunks: [chunk], size: chunk.length });
    }
  }

  /**
   * Counts and hashes bytes that are recorded already, by an earlier daemon; they are not given by `take`. Called with
   * the pieces of a record in their order, it gives the part of the record that each belongs to.
   */
  replay(stream: OutputStream, bytes: Buffer): "beginning" | "end" {
    const record = this.#streams[stream];
    record.received += bytes.length;
    record.position += bytes.length;
    record.hash.update(bytes);
    record.atLineStart = bytes.at(-1) === newline;
    const fits = bytes.length <= this.#room;
    this.#room = fits ? this.#room - bytes.length : 0;
    if (fits) return "beginning";
    this.#endBytes += bytes.length;
    return "end";
  }

  /** Counts bytes as lost that were taken in before, but are not there to be taken in again. */
  skip(stream: OutputStream, bytes: number): void {
    const record = this.#streams[stream];
    record.received += bytes;
    record.position += bytes;
    this.#truncated += bytes;
    // Either they had their place in the beginning, or it was closed when they came.
    this.#room = Math.max(0, this.#room - bytes);
  }

  /**
   * What arrived since the last call. At the end of both streams (`final`) nothing is held back; with `showAll` nothing is
   * left out, even where it is to be dropped at once.
   */
  take(final: boolean, showAll = false): Recorded[] {
    this.#showAll = showAll;
    const taken: Recorded[] = [];
    for (const { stream, chunks } of this.#waiting) {
      const record = this.#streams[stream];
      const bytes = Buffer.concat([record.held, ...chunks]);
      record.held = nothing;
      if (stream === "stderr") this.#takeStderr(bytes, record, taken);
      else this.#takePlain(bytes, stream, taken);
    }
    this.#waiting = [];
    if (final) {
      for (const stream of ["stdout", "stderr"] as const) {
        const record = this.#streams[stream];
        if (record.held.length > 0) this.#record(stream, record.held, false, taken);
        record.held = nothing;
        this.#announceGap(stream, taken);
      }
    }
    return taken;
  }

  /** Takes back pieces that could not be written: their bytes are lost and will be announced. */
  giveUp(pieces: readonly Recorded[]): void {
    for (const piece of pieces) {
      const record = this.#streams[piece.stream];
      if (piece.kind === "gap") record.gapFrom = Math.min(record.gapFrom ?? piece.from, piece.from);
      else {
        record.gapFrom = Math.min(record.gapFrom ?? piece.offset, piece.offset);
        this.#truncated += piece.bytes.length;
        if (piece.part === "end") this.#endBytes -= piece.bytes.length;
      }
    }
  }

  sha256(): { stdout: string; stderr: string } {
    return {
      stdout: this.#streams.stdout.hash.copy().digest("hex"),
      stderr: this.#streams.stderr.hash.copy().digest("hex"),
    };
  }

  #takeStderr(bytes: Buffer, record: StreamRecord, taken: Recorded[]): void {
    const split = splitNoise(bytes, record.atLineStart);
    for (const [index, piece] of split.pieces.entries()) {
      const last = index === split.pieces.length - 1 && split.held.length === 0;
      if (piece.noise || !last) this.#record("stderr", piece.bytes, piece.noise, taken);
      else this.#takePlain(piece.bytes, "stderr", taken);
    }
    if (split.held.length > 0) record.held = Buffer.from(split.held);
    const next = bytes.length - record.held.length;
    if (next > 0) record.atLineStart = bytes[next - 1] === newline;
  }

  #takePlain(bytes: Buffer, stream: OutputStream, taken: Recorded[]): void {
    const cut = bytes.length - unfinishedBytes(bytes);
    this.#record(stream, bytes.subarray(0, cut), false, taken);
    this.#streams[stream].held = Buffer.from(bytes.subarray(cut));
  }

  #record(stream: OutputStream, bytes: Buffer, noise: boolean, taken: Recorded[]): void {
    const push = (piece: Buffer, part: "beginning" | "end"): void => {
      if (piece.length === 0) return;
      const record = this.#streams[stream];
      this.#announceGap(stream, taken);
      taken.push({ kind: "output", stream, offset: record.position, bytes: piece, noise, part });
      record.position += piece.length;
    };
    const beginning = this.#fit(bytes);
    push(beginning, "beginning");
    const rest = bytes.subarray(beginning.length);
    if (this.#endLimit === 0 && !this.#showAll) this.#leaveOut(stream, rest.length);
    else for (const piece of this.#endPieces(rest)) push(piece, "end");
  }

  /** What may stay is in pieces that are small against what is kept of the end, since that is dropped by the piece. */
  *#endPieces(bytes: Buffer): Generator<Buffer> {
    const staysFrom = bytes.length - this.#endLimit;
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(maxPiece, at < staysFrom ? staysFrom - at : this.#endLimit >> 3);
      const piece = bytes.subarray(at, at + Math.max(maxCharacter, size));
      const cut = at + piece.length < bytes.length ? piece.length - unfinishedBytes(piece) : piece.length;
      this.#endBytes += cut;
      yield piece.subarray(0, cut);
      at += cut;
    }
  }

  #leaveOut(stream: OutputStream, bytes: number): void {
    if (bytes === 0) return;
    const record = this.#streams[stream];
    record.gapFrom ??= record.position;
    record.position += bytes;
    this.#truncated += bytes;
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

  #announceGap(stream: OutputStream, taken: Recorded[]): void {
    const record = this.#streams[stream];
    if (record.gapFrom === undefined) return;
    taken.push({ kind: "gap", stream, from: record.gapFrom, to: record.position });
    record.gapFrom = undefined;
  }
}
