import type { GapEvent, RunEvent } from "../../../protocol/event.ts";
import type { Numbered } from "../../core/transcript.ts";

type OutputEvent = Extract<RunEvent, { type: "output" }>;
type ControlEvent = Exclude<RunEvent, OutputEvent | GapEvent>;
/** Without the run and the time, which the record knows of every event. */
type Fields<Event> = Event extends RunEvent ? Omit<Event, "runId" | "timestamp"> : never;

/** Bytes of a stream as they came. */
export interface OutputContent extends Readonly<Pick<OutputEvent, "stream" | "offset">> {
  readonly kind: "output";
  /** Shell noise, which only the raw view shows. */
  readonly noise: boolean;
  readonly bytes: Buffer;
}

/** Bytes of a stream that are not in the record. */
export type StreamGap = Readonly<Pick<GapEvent, "stream" | "from" | "to">>;
export type GapContent = { readonly kind: "gap" } & StreamGap;

/** What an event says that is about the run and not about its bytes. */
export type ControlFields = Readonly<Fields<ControlEvent>>;
export interface ControlContent {
  readonly kind: "control";
  readonly fields: ControlFields;
}

export type EventContent = OutputContent | GapContent | ControlContent;

interface Recorded {
  readonly seq: number;
  /** When it was recorded, in ISO 8601. */
  readonly at: string;
}

/** One event of a run as the record keeps it, and as its readers get it. */
export type StoredEvent = Recorded & EventContent;

/** Output that was recorded, of which only its place can be read any more. */
export interface LostContent extends Pick<OutputContent, "stream" | "offset"> {
  readonly kind: "lost";
  readonly size: number;
}

/** An event as it is read from the record. One that is `damaged` may have been anything. */
export type RecordedEvent = StoredEvent | (Recorded & (LostContent | { readonly kind: "damaged" }));

export function controlContent(fields: ControlFields): ControlContent {
  return { kind: "control", fields };
}

/** What an event costs to keep beside its bytes, about; and one that has none. */
const overheadBytes = 200;
const controlBytes = 1000;

/** What an event costs to keep in memory, in bytes. */
function keptBytes(event: StoredEvent): number {
  return event.kind === "output" ? event.bytes.length + overheadBytes : controlBytes;
}

/** An event as its readers get it. */
export type ShownEvent = StoredEvent & Numbered;

export function shownEvent(event: StoredEvent): ShownEvent {
  return { ...event, size: keptBytes(event) };
}
