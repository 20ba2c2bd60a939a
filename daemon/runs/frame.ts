import { isUtf8 } from "node:buffer";
import type { Numbered } from "../core/transcript.ts";
import type { StoredEvent } from "./run-store.ts";

/** One event as it goes over the wire, encoded once for all who read it. */
export interface Frame extends Numbered {
  /** What most see: without shell noise. */
  readonly shown: Buffer;
  /** What `?raw=1` sees. */
  readonly raw: Buffer;
  readonly last: boolean;
}

/** Encodes events as Server-Sent Events of one run. */
export function createFrameEncoder(epoch: string, runId: string): (event: StoredEvent) => Frame {
  const opening = `{"type":"output","runId":"${runId}","timestamp":"`;
  const message = (seq: number, json: string): Buffer =>
    Buffer.from(`id: ${epoch}.${seq}\ndata: ${json}\n\n`, "latin1");

  return (event) => {
    if (event.stream === null) {
      // The JSON stays the bytes it is: read as latin1 here and written as latin1 above.
      const json = event.body.toString("latin1");
      const whole = message(event.seq, json);
      return {
        seq: event.seq,
        size: whole.length,
        shown: whole,
        raw: whole,
        last: json.startsWith('{"type":"complete"'),
      };
    }
    const head = `${opening}${event.at}","stream":"${event.stream}","offset":${event.start}`;
    const raw = message(event.seq, `${head}${dataOf(event.body)}}`);
    const shown = event.noise
      ? message(event.seq, `${head},"data":"","filteredBytes":${event.body.length}}`)
      : raw;
    return { seq: event.seq, size: raw.length, shown, raw, last: false };
  };
}

/**
 * Valid UTF-8 need not be decoded to be quoted: JSON escapes only ASCII characters, so bytes read as latin1
 * and written as latin1 are the same characters again.
 */
function dataOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return `,"data":${JSON.stringify(bytes.toString("latin1"))}`;
  return `,"data":"${bytes.toString("base64")}","encoding":"base64"`;
}
