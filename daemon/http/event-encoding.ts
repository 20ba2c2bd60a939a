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

/**
 * Encodes the events of one run as Server-Sent Events; without `raw`, shell noise is reported as a number of bytes left
 * out.
 */
export function createEventEncoder(epoch: string, runId: string, raw: boolean): Encode {
  const encode = runEncoder(epoch, runId, raw);
  return (event) => {
    // Readers receive the same bytes except for noise.
    const isSame = raw || event.kind !== "output" || !event.noise;
    return isSame ? encodedOnce(event, encode) : encode(event);
  };
}

/** Encodes a job's stream as Server-Sent Events: its runs' events with the job's numbers, and its ending. */
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

/** Encodes changes in the daemon as Server-Sent Events. */
export function createChangeEncoder(epoch: string): (numbered: NumberedChange) => Buffer {
  return (numbered) =>
    encodedOnce(numbered, ({ seq, change: { type, ...fields } }) =>
      Buffer.from(`id: ${epoch}.${seq}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`),
    );
}

/** A feed whose items are encoded on demand. */
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

/** Converts an event of the record, other than output, to the protocol's event; as JSON, its type comes first. */
export function protocolEvent(event: StoredControl | StoredGap, runId: string): object {
  const base = { runId, timestamp: event.at };
  if (event.kind === "gap") {
    const { stream, from, to } = event;
    return { type: "gap", ...base, stream, from, to };
  }
  const { type, ...fields } = event.fields;
  return { type, ...base, ...fields };
}

/** Encodes an item once for all of its readers; the result is cached as long as the item exists. */
function encodedOnce<Item extends object>(item: Item, encode: (item: Item) => Buffer): Buffer {
  const known = encoded.get(item) ?? encode(item);
  encoded.set(item, known);
  return known;
}

const encoded = new WeakMap<object, Buffer>();

/**
 * Valid UTF-8 need not be decoded to be quoted: JSON escapes only ASCII characters, so bytes read and written as latin1
 * remain the same characters.
 */
function dataOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return `"data":${JSON.stringify(bytes.toString("latin1"))}`;
  return `"data":"${bytes.toString("base64")}","encoding":"base64"`;
}
