import { frameHeadBytes } from "../protocol/frames.ts";
import { Problem } from "../protocol/problem.ts";

/** One frame of a stream; see protocol/frames.ts. */
export interface Frame {
  readonly kind: number;
  readonly bytes: Buffer;
}

const maxFrameBytes = 16 * 1024 * 1024;

/** Reads frames from bytes that may be cut anywhere. One of more than 16 MiB is a `protocol_error`. */
export class FrameParser {
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #neededBytes = frameHeadBytes;

  /** The frames that `chunk` completes, in order; their bytes may be those of `chunk`. */
  push(chunk: Buffer): Frame[] {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < this.#neededBytes) return [];
    let rest = this.#waiting.length === 1 ? chunk : Buffer.concat(this.#waiting, this.#waitingBytes);
    const frames: Frame[] = [];
    for (;;) {
      this.#neededBytes = sizeOf(rest);
      if (rest.length < this.#neededBytes) break;
      frames.push({ kind: rest[0] ?? 0, bytes: rest.subarray(frameHeadBytes, this.#neededBytes) });
      rest = rest.subarray(this.#neededBytes);
    }
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
    return frames;
  }
}

/** With its head; of less than a head, that of a head. */
function sizeOf(bytes: Buffer): number {
  if (bytes.length < frameHeadBytes) return frameHeadBytes;
  const length = bytes.readUInt32BE(4);
  if (length <= maxFrameBytes) return frameHeadBytes + length;
  throw new Problem(
    "protocol_error",
    `The daemon sent a frame of ${length} bytes. This is a bug in Hostrun.`,
  );
}
