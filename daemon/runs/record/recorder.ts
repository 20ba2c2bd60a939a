import { createHash } from "node:crypto";
import type { OutputStream } from "../../../protocol/event.ts";
import { maxPieceBytes, RecordLimit, type RecordPart } from "./record-limit.ts";
import type { GapContent, OutputContent } from "./stored-event.ts";
import { isLong, StreamFraming } from "./stream-framing.ts";

/** A piece of output ready to be recorded, or a gap for bytes that are not recorded. */
export type Recorded = (OutputContent & { readonly part: RecordPart }) | GapContent;

/** Of no bytes. */
const emptySha256 = createHash("sha256").digest("hex");

class StreamRecord {
  readonly #hash = createHash("sha256");
  readonly framing: StreamFraming;
  received = 0;
  /** Bytes passed on or given up so far; those between this and `received` are waiting or held. */
  position = 0;
  gapFrom: number | undefined;

  constructor(stream: OutputStream) {
    this.framing = new StreamFraming({ findsNoise: stream === "stderr" });
  }

  hash(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  /** Marks the bytes from `from` to the present position as not recorded. */
  lose(from: number): void {
    this.gapFrom = Math.min(this.gapFrom ?? from, from);
  }
}

/**
 * Turns what arrives on stdout and stderr into pieces to be recorded, in order of arrival:
 *
 *     chunks -> counted and hashed -> framed (characters, noise) -> within the limit -> numbered, gaps announced
 */
export class Recorder {
  /** Each is created with its first bytes: ten thousand waiting runs need none. */
  readonly #streams: { [stream in OutputStream]?: StreamRecord } = {};
  readonly #limit: RecordLimit;
  #waiting: { stream: OutputStream; chunks: Buffer[]; size: number }[] = [];

  constructor(limitBytes: number) {
    this.#limit = new RecordLimit(limitBytes);
  }

  /** Recorded bytes of the end beyond its limit (see RecordLimit). */
  get excessBytes(): number {
    return this.#limit.excessBytes;
  }

  /** To be called when bytes of the end were dropped from the record. */
  dropped(bytes: number): void {
    this.#limit.dropped(bytes);
  }

  get truncatedBytes(): number {
    return this.#limit.truncatedBytes;
  }

  receivedBytes(stream: OutputStream): number {
    return this.#streams[stream]?.received ?? 0;
  }

  push(stream: OutputStream, chunk: Buffer): void {
    const record = this.#of(stream);
    record.received += chunk.length;
    record.hash(chunk);
    const last = this.#waiting.at(-1);
    if (last?.stream === stream && !isLong(chunk) && last.size + chunk.length <= maxPieceBytes) {
      last.chunks.push(chunk);
      last.size += chunk.length;
    } else {
      this.#waiting.push({ stream, chunks: [chunk], size: chunk.length });
    }
  }

  /**
   * Counts and hashes bytes that an earlier daemon recorded; `take` does not return them. Must be called with the
   * pieces of a record in order; returns the part of the record that each belongs to.
   */
  replay(stream: OutputStream, bytes: Buffer): RecordPart {
    const record = this.#of(stream);
    record.received += bytes.length;
    record.position += bytes.length;
    record.hash(bytes);
    record.framing.continueAfter(bytes);
    return this.#limit.replay(bytes.length);
  }

  /** Counts bytes as lost that were received before but cannot be replayed. */
  skip(stream: OutputStream, bytes: number): void {
    const record = this.#of(stream);
    record.received += bytes;
    record.position += bytes;
    this.#limit.skip(bytes);
  }

  /**
   * What has arrived since the last call. At the end of both streams (`final`) nothing is held back; with `showAll`
   * nothing is left out, even if it will be dropped at once.
   */
  take(final: boolean, showAll = false): Recorded[] {
    const taken: Recorded[] = [];
    for (const { stream, chunks } of this.#waiting) {
      for (const piece of this.#of(stream).framing.take(chunks)) {
        taken.push(...this.#numbered(stream, piece, showAll));
      }
    }
    this.#waiting = [];
    if (!final) return taken;
    for (const stream of ["stdout", "stderr"] as const) {
      const record = this.#streams[stream];
      if (record === undefined) continue;
      const rest = { bytes: record.framing.rest(), noise: false };
      taken.push(...this.#numbered(stream, rest, showAll), ...this.#gap(stream));
    }
    return taken;
  }

  /**
   * Takes back pieces that could not be written: their bytes are lost, and announced as a gap unless the caller does
   * that.
   */
  giveUp(pieces: readonly Recorded[], isAnnounced: boolean): void {
    for (const piece of pieces) {
      if (!isAnnounced) this.#of(piece.stream).lose(piece.kind === "gap" ? piece.from : piece.offset);
      if (piece.kind === "output") this.#limit.giveUp(piece.bytes.length, piece.part);
    }
  }

  sha256(): Record<OutputStream, string> {
    return {
      stdout: this.#streams.stdout?.sha256() ?? emptySha256,
      stderr: this.#streams.stderr?.sha256() ?? emptySha256,
    };
  }

  #of(stream: OutputStream): StreamRecord {
    return (this.#streams[stream] ??= new StreamRecord(stream));
  }

  *#numbered(
    stream: OutputStream,
    { bytes, noise }: { readonly bytes: Buffer; readonly noise: boolean },
    showAll: boolean,
  ): Generator<Recorded> {
    const record = this.#of(stream);
    const { pieces, leftOut } = this.#limit.place(bytes, showAll);
    for (const piece of pieces) {
      yield* this.#gap(stream);
      yield { kind: "output", stream, offset: record.position, noise, ...piece };
      record.position += piece.bytes.length;
    }
    if (leftOut === 0) return;
    record.lose(record.position);
    record.position += leftOut;
  }

  *#gap(stream: OutputStream): Generator<Recorded> {
    const record = this.#of(stream);
    if (record.gapFrom === undefined) return;
    yield { kind: "gap", stream, from: record.gapFrom, to: record.position };
    record.gapFrom = undefined;
  }
}

/** More output than this is a commit of its own: the room kept on a full disk is for endings. */
const littleBytes = 4096;

/** Whether the pieces can be written in one commit with the ending. */
export function isLittle(pieces: readonly Recorded[]): boolean {
  const sizes = pieces.map((piece) => (piece.kind === "output" ? piece.bytes.length : 0));
  return sizes.reduce((sum, size) => sum + size, 0) <= littleBytes;
}
