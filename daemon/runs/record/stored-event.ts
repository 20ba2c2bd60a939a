import type { GapEvent, RunEvent } from "../../../protocol/event.ts";
import type { Numbered } from "../../core/transcript.ts";

type OutputEvent = Extract<RunEvent, { type: "output" }>;
type ControlEvent = Exclude<RunEvent, OutputEvent | GapEvent>;
/** Without the run and the time, which the record has for every event. */
type Fields<Event> = Event extends RunEvent ? Omit<Event, "runId" | "timestamp"> : never;

/** Bytes of a stream as received. */
export interface OutputContent extends Readonly<Pick<OutputEvent, "stream" | "offset">> {
  readonly kind: "output";
  /** Shell noise, which only the raw view shows. */
  readonly noise: boolean;
  readonly bytes: Buffer;
}

/** Bytes of a stream that are not in the record. */
export type StreamGap = Readonly<Pick<GapEvent, "stream" | "from" | "to">>;
export type GapContent = { readonly kind: "gap" } & StreamGap;

/** The content of an event that is about the run rather than its output. */
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

/** One event of a run as the record stores it and readers receive it. */
export type StoredEvent = Recorded & EventContent;

/** Recorded output whose bytes are lost; only its position and size can still be read. */
export interface LostContent extends Pick<OutputContent, "stream" | "offset"> {
  readonly kind: "lost";
  readonly size: number;
}

/** An event as read from the record. A `damaged` one may have been of any kind. */
export type RecordedEvent = StoredEvent | (Recorded & (LostContent | { readonly kind: "damaged" }));

export function isOutput({ kind }: Pick<EventContent, "kind">): boolean {
  return kind === "output";
}

export function controlContent(fields: ControlFields): ControlContent {
  return { kind: "control", fields };
}

/** Approximate memory overhead of an output event, and size of an event without output. */
const overheadBytes = 200;
const controlBytes = 1000;

/** Approximate memory used by an event, in bytes. */
function keptBytes(event: StoredEvent): number {
  return event.kind === "output" ? event.bytes.length + overheadBytes : controlBytes;
}

/** An event as readers receive it. */
export type ShownEvent = StoredEvent & Numbered;

export function shownEvent(event: StoredEvent): ShownEvent {
  return { ...event, size: keptBytes(event) };
}
