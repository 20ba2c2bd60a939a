import { isUtf8 } from "node:buffer";
import type { StoredEvent } from "../runs/record/stored-event.ts";

type StoredOutput = Extract<StoredEvent, { kind: "output" }>;
type StoredGap = Extract<StoredEvent, { kind: "gap" }>;
type StoredControl = Extract<StoredEvent, { kind: "control" }>;

/** The Server-Sent Events of one run; without `raw`, shell noise is told as so many bytes left out. */
export function createEventEncoder(
  epoch: string,
  runId: string,
  raw: boolean,
): (event: StoredEvent) => Buffer {
  const output = ({ seq, at, stream, offset }: StoredOutput, data: string): Buffer => {
    const head = `{"type":"output","runId":"${runId}","timestamp":"${at}","stream":"${stream}"`;
    return Buffer.from(`id: ${epoch}.${seq}\ndata: ${head},"offset":${offset},${data}}\n\n`, "latin1");
  };
  const encode = (event: StoredEvent): Buffer => {
    if (event.kind === "output") return output(event, dataOf(event.bytes));
    return Buffer.from(`id: ${epoch}.${event.seq}\ndata: ${JSON.stringify(protocolEvent(event, runId))}\n\n`);
  };
  return (event) => {
    if (event.kind === "output" && event.noise && !raw) {
      return output(event, `"data":"","filteredBytes":${event.bytes.length}`);
    }
    const known = encoded.get(event) ?? encode(event);
    encoded.set(event, known);
    return known;
  };
}

/** The protocol's event that an event of the record is, unless it is output; as JSON, its type comes first. */
export function protocolEvent(event: StoredControl | StoredGap, runId: string): object {
  const base = { runId, timestamp: event.at };
  if (event.kind === "gap") {
    const { stream, from, to } = event;
    return { type: "gap", ...base, stream, from, to };
  }
  const { type, ...fields } = event.fields;
  return { type, ...base, ...fields };
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
