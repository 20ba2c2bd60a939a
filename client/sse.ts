import { Problem } from "../protocol/problem.ts";

/** One message of an event stream (HTML standard, section 9.2). */
export interface SseMessage {
  /** The last event id after this message; "" if none has been sent yet. */
  readonly id: string;
  /** "message" if the stream names none. */
  readonly event: string;
  readonly data: string;
}

const lf = 0x0a;
const cr = 0x0d;
const defaultMaxBytes = 16 * 1024 * 1024;

/**
 * Parses an event stream from bytes that may be split anywhere. A line within one chunk is decoded in place; only a
 * line that spans chunks is copied, once. Throws `protocol_error` for a message of more than `maxBytes`.
 */
export class SseParser {
  readonly #maxBytes: number;
  /** The beginning of an incomplete line. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #messageBytes = 0;
  #afterCr = false;
  #first = true;
  #data: string[] = [];
  #event = "";
  #id = "";

  constructor(maxBytes: number = defaultMaxBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Returns the messages that `chunk` completes, in order. Keeps `chunk` until its last line has ended. */
  push(chunk: Buffer): SseMessage[] {
    const messages: SseMessage[] = [];
    let start = this.#afterCr && chunk[0] === lf ? 1 : 0;
    if (chunk.length > 0) this.#afterCr = false;
    const ends = lineEnds(chunk);
    for (let end = ends(start); end !== -1; end = ends(start)) {
      const message = this.#line(this.#take(chunk, start, end));
      if (message !== undefined) messages.push(message);
      start = end + 1;
      if (chunk[end] !== cr) continue;
      if (start === chunk.length) this.#afterCr = true;
      else if (chunk[start] === lf) start += 1;
    }
    this.#keep(chunk.subarray(start));
    return messages;
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#count(rest.length);
    this.#pending.push(rest);
    this.#pendingBytes += rest.length;
  }

  #take(chunk: Buffer, start: number, end: number): string {
    this.#count(end - start);
    if (this.#pendingBytes === 0) return this.#text(chunk, start, end);
    this.#pending.push(chunk.subarray(start, end));
    const line = Buffer.concat(this.#pending, this.#pendingBytes + end - start);
    this.#pending = [];
    this.#pendingBytes = 0;
    return this.#text(line, 0, line.length);
  }

  #text(bytes: Buffer, start: number, end: number): string {
    const text = bytes.toString("utf8", start, end);
    if (!this.#first) return text;
    this.#first = false;
    return text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  #count(bytes: number): void {
    this.#messageBytes += bytes;
    if (this.#messageBytes > this.#maxBytes) {
      throw new Problem(
        "protocol_error",
        `The daemon sent an event of more than ${this.#maxBytes} bytes. This is a bug in Hostrun.`,
      );
    }
  }

  #line(line: string): SseMessage | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "") this.#messageBytes -= Buffer.byteLength(line);
    return undefined;
  }

  #dispatch(): SseMessage | undefined {
    const { length } = this.#data;
    const data = length === 1 ? this.#data[0] : this.#data.join("\n");
    const event = this.#event === "" ? "message" : this.#event;
    this.#data = [];
    this.#event = "";
    this.#messageBytes = 0;
    return length === 0 || data === undefined ? undefined : { id: this.#id, event, data };
  }
}

/** Finds the next CR or LF at or after a position; each byte is searched only once for either. */
function lineEnds(chunk: Buffer): (from: number) => number {
  let nextLf = chunk.indexOf(lf);
  let nextCr = chunk.indexOf(cr);
  return (from) => {
    if (nextLf !== -1 && nextLf < from) nextLf = chunk.indexOf(lf, from);
    if (nextCr !== -1 && nextCr < from) nextCr = chunk.indexOf(cr, from);
    if (nextCr === -1 || nextLf === -1) return Math.max(nextCr, nextLf);
    return Math.min(nextCr, nextLf);
  };
}
