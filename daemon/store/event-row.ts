import type { OutputStream } from "../../protocol/event.ts";
import { RunEvent } from "../../protocol/event.ts";
import type { ControlContent, GapContent, RecordedEvent, StoredEvent } from "../runs/record/stored-event.ts";
import { type BodyRow, bodyOf } from "./body.ts";
import type { SegmentReader } from "./segments.ts";
import { storedJson } from "./stored-row.ts";

/** A run's public id, and its number in the store's tables. */
export interface RunKey {
  readonly id: string;
  readonly number: number;
}

/** For output, `body` or a position in a file holds the bytes; for any other event, `body` holds its JSON. */
export interface EventRow extends BodyRow {
  readonly seq: number;
  readonly at: string;
  /** Null for every event other than output, like `start`. */
  readonly stream: OutputStream | null;
  /** Bytes of the stream before this event. */
  readonly start: number | null;
  readonly noise: number;
}

export const eventColumns = "seq, at, stream, start, noise, body, segment, position, size";

/** The row of an event; output is stored inline. */
export function rowOf(event: StoredEvent, runId: string): EventRow {
  const { seq, at } = event;
  const inRow = { segment: null, position: null, size: null };
  if (event.kind === "output") {
    const { stream, offset, noise, bytes } = event;
    return { seq, at, stream, start: offset, noise: noise ? 1 : 0, body: bytes, ...inRow };
  }
  const { type, ...fields } = event.kind === "control" ? event.fields : gapFields(event);
  const body = Buffer.from(JSON.stringify({ type, runId, timestamp: at, ...fields }));
  return { seq, at, stream: null, start: null, noise: 0, body, ...inRow };
}

export function eventOf(row: EventRow, reader: SegmentReader): RecordedEvent {
  const { seq, at, stream, start } = row;
  if (stream === null) return { seq, at, ...(controlOf(row.body) ?? { kind: "damaged" }) };
  const size = row.size ?? 0;
  // A column written by another version, or damaged, may hold anything.
  const isPlace = (stream === "stdout" || stream === "stderr") && start !== null && start >= 0 && size >= 0;
  if (!isPlace) return { seq, at, kind: "damaged" };
  const bytes = bodyOf(row, reader);
  if (bytes === undefined) return { seq, at, kind: "lost", stream, offset: start, size };
  return { seq, at, kind: "output", stream, offset: start, noise: row.noise === 1, bytes };
}

/** Undefined if the event is damaged or unknown to this version of Hostrun. */
export function controlOf(body: Buffer): GapContent | ControlContent | undefined {
  const value = storedJson(body.toString());
  if (!isEvent(value) || value.type === "output") return undefined;
  const { runId: _run, timestamp: _at, ...fields } = value;
  if (fields.type !== "gap") return { kind: "control", fields };
  const { stream, from, to } = fields;
  return { kind: "gap", stream, from, to };
}

function gapFields({ stream, from, to }: GapContent) {
  return { type: "gap", stream, from, to } as const;
}

/** Unknown fields from another version are kept in the event. */
function isEvent(value: unknown): value is RunEvent {
  return RunEvent.safeParse(value).success;
}
