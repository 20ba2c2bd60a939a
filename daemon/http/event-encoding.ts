import { isUtf8 } from "node:buffer";
import type { NumberedChange } from "../core/changes.ts";
import type { Feed } from "../core/feed.ts";
import type { JobEvent } from "../jobs/job-log.ts";
import type { StoredEvent } from "../runs/record/stored-event.ts";
import type { EventMessage } from "./sse.ts";

type StoredOutput = Extract<StoredEvent, { kind: "output" }>;
type StoredGap = Extract<StoredEvent, { kind: "gap" }>;
type StoredControl = Extract<StoredEvent, { kind: "control" }>;

type Encode = (event: StoredEvent) => Buffer;

/** The Server-Sent Events of one run; without `raw`, shell noise is told as so many bytes left out. */
export function createEventEncoder(epoch: string, runId: string, raw: boolean): Encode {
  const encode = runEncoder(epoch, runId, raw);
  return (event) => {
    // Noise is what readers differ in.
    const isSame = raw || event.kind !== "output" || !event.noise;
    return isSame ? encodedOnce(event, encode) : encode(event);
  };
}

/** The Server-Sent Events of a job: those of its runs under the job's numbers, and its ending. */
export function createJobEncoder(epoch: string, raw: boolean): (event: JobEvent) => Buffer {
  const encoders = new Map<string, Encode>();
  return (event) => {
    if ("ending" in event) {
      return Buffer.from(`id: ${epoch}.${event.seq}\ndata: ${JSON.stringify(event.ending)}\n\n`);
    }
    const encode = encoders.get(event.run) ?? runEncoder(epoch, event.run, raw);
    encoders.set(event.run, encode);
    return encode({ ...event.event, seq: event.seq });
  };
}

function runEncoder(epoch: string, runId: string, raw: boolean): Encode {
  const output = ({ seq, at, stream, offset }: StoredOutput, data: string): Buffer => {
    const head = `{"type":"output","runId":"${runId}","timestamp":"${at}","stream":"${stream}"`;
    return Buffer.from(`id: ${epoch}.${seq}\ndata: ${head},"offset":${offset},${data}}\n\n`, "latin1");
  };
  return (event) => {
    if (event.kind === "output") {
      const isLeftOut = event.noise && !raw;
      return output(
        event,
        isLeftOut ? `"data":"","filteredBytes":${event.bytes.length}` : dataOf(event.bytes),
      );
    }
    return Buffer.from(`id: ${epoch}.${event.seq}\ndata: ${JSON.stringify(protocolEvent(event, runId))}\n\n`);
  };
}

/** The Server-Sent Events of what changes in the daemon. */
export function createChangeEncoder(epoch: string): (numbered: NumberedChange) => Buffer {
  return (numbered) =>
    encodedOnce(numbered, ({ seq, change: { type, ...fields } }) =>
      Buffer.from(`id: ${epoch}.${seq}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`),
    );
}

/** A feed whose items are encoded when it is their turn. */
export function encodedFeed<Item extends { readonly seq: number }>(
  feed: Feed<Item>,
  encode: (item: Item) => Buffer | readonly Buffer[],
): Feed<EventMessage> {
  const message = (item: Item): EventMessage => ({
    seq: item.seq,
    get parts() {
      return [encode(item)].flat();
    },
  });
  return {
    ...feed,
    opening: feed.opening === undefined ? undefined : message(feed.opening),
    after: (seq, maxBytes) => feed.after(seq, maxBytes).map(message),
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

/** What several readers follow is encoded once, and kept for as long as it is. */
function encodedOnce<Item extends object>(item: Item, encode: (item: Item) => Buffer): Buffer {
  const known = encoded.get(item) ?? encode(item);
  encoded.set(item, known);
  return known;
}

const encoded = new WeakMap<object, Buffer>();

/**
 * Valid UTF-8 need not be decoded to be quoted: JSON escapes only ASCII characters, so bytes read as latin1
 * and written as latin1 are the same characters again.
 */
function dataOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return `"data":${JSON.stringify(bytes.toString("latin1"))}`;
  return `"data":"${bytes.toString("base64")}","encoding":"base64"`;
}
