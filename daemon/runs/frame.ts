import { isUtf8 } from "node:buffer";
import type { Numbered } from "../core/transcript.ts";
import type { StoredEvent } from "./run-store.ts";

/** One event as it goes over the wire, encoded once for all who read it; not at all where nobody does. */
export interface Frame extends Numbered {
  /** What most see: without shell noise. */
  readonly shown: Buffer;
  /** What `?raw=1` sees. */
  readonly raw: Buffer;
}

/** Encodes events as Server-Sent Events of one run. */
export function createFrameEncoder(epoch: string, runId: string): (event: StoredEvent) => Frame {
  const message = (seq: number, json: string): Buffer =>
    Buffer.from(`id: ${epoch}.${seq}\ndata: ${json}\n\n`, "latin1");
  const head = (type: string, { at, stream }: StoredEvent): string =>
    `{"type":"${type}","runId":"${runId}","timestamp":"${at}","stream":"${stream}"`;
  const raw = (event: StoredEvent): Buffer => {
    const { seq, stream, start, body, lostBytes } = event;
    // The JSON stays the bytes it is: read as latin1 here and written as latin1 above.
    if (stream === null || start === null) return message(seq, body.toString("latin1"));
    if (lostBytes === undefined) {
      return message(seq, `${head("output", event)},"offset":${start}${dataOf(body)}}`);
    }
    return message(seq, `${head("gap", event)},"from":${start},"to":${start + lostBytes}}`);
  };
  const withoutNoise = (event: StoredEvent): Buffer => {
    const { seq, start, body } = event;
    return message(
      seq,
      `${head("output", event)},"offset":${start},"data":"","filteredBytes":${body.length}}`,
    );
  };
  return (event) => new LazyFrame(event, raw, event.noise ? withoutNoise : undefined);
}

type Encode = (event: StoredEvent) => Buffer;

class LazyFrame implements Frame {
  readonly seq: number;
  readonly size: number;
  readonly #shown: (() => Buffer) | undefined;
  #raw: Buffer | (() => Buffer);

  constructor(event: StoredEvent, raw: Encode, shown: Encode | undefined) {
    this.seq = event.seq;
    this.size = event.body.length + overhead;
    this.#raw = () => raw(event);
    this.#shown = shown === undefined ? undefined : () => shown(event);
  }

  get raw(): Buffer {
    if (typeof this.#raw === "function") this.#raw = this.#raw();
    return this.#raw;
  }

  get shown(): Buffer {
    return this.#shown?.() ?? this.raw;
  }
}

/** What a frame costs beside its bytes, about. */
const overhead = 200;

/**
 * Valid UTF-8 need not be decoded to be quoted: JSON escapes only ASCII characters, so bytes read as latin1
 * and written as latin1 are the same characters again.
 */
function dataOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return `,"data":${JSON.stringify(bytes.toString("latin1"))}`;
  return `,"data":"${bytes.toString("base64")}","encoding":"base64"`;
}
