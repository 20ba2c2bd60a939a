import { isUtf8 } from "node:buffer";
import { gapOf } from "../runs/record/gap.ts";
import type { StoredEvent } from "../runs/record/run-store.ts";

/** The Server-Sent Events of one run; without `raw`, shell noise is told as so many bytes left out. */
export function createEventEncoder(
  epoch: string,
  runId: string,
  raw: boolean,
): (event: StoredEvent) => Buffer {
  const message = (seq: number, json: string): Buffer =>
    Buffer.from(`id: ${epoch}.${seq}\ndata: ${json}\n\n`, "latin1");
  const output = ({ seq, at, stream, start }: StoredEvent, data: string): Buffer => {
    const head = `{"type":"output","runId":"${runId}","timestamp":"${at}","stream":"${stream}"`;
    return message(seq, `${head},"offset":${start},${data}}`);
  };
  const encode = (event: StoredEvent): Buffer => {
    const { seq, at, stream, body, lostBytes } = event;
    // The JSON stays the bytes it is: read as latin1 here and written as latin1 above.
    if (stream === null) return message(seq, body.toString("latin1"));
    if (lostBytes !== undefined)
      return message(seq, JSON.stringify({ type: "gap", runId, timestamp: at, ...gapOf(event) }));
    return output(event, dataOf(body));
  };
  return (event) => {
    if (event.noise && !raw) return output(event, `"data":"","filteredBytes":${event.body.length}`);
    const known = encoded.get(event) ?? encode(event);
    encoded.set(event, known);
    return known;
  };
}

/** An event that several readers follow is encoded once, and kept for as long as it is. */
const encoded = new WeakMap<StoredEvent, Buffer>();

/**
 * Valid UTF-8 need not be decoded to be quoted: JSON escapes only ASCII characters, so bytes read as latin1
 * and written as latin1 are the same characters again.
 */
function dataOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return `"data":${JSON.stringify(bytes.toString("latin1"))}`;
  return `"data":"${bytes.toString("base64")}","encoding":"base64"`;
}
