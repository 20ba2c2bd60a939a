import type { OutputStream } from "../../../protocol/event.ts";
import type { EventLoopQueue } from "../../core/event-loop-queue.ts";
import type { Recorder } from "./recorder.ts";
import type { EventLog, TruncatedRange } from "./event-log.ts";
import type { RecordedEvent } from "./stored-event.ts";

const pageBytes = 1024 * 1024;

/** The record of a run up to `lastSeq`, as an earlier daemon left it. */
export interface EarlierRecord {
  readonly events: EventLog;
  readonly id: string;
  readonly lastSeq: number;
}

export interface ReplayedRecord {
  /** False when the record has holes: their bytes are counted as lost, and the hashes are invalid. */
  readonly whole: boolean;
  /** The beginning of the recorded end; undefined while the beginning has room. */
  readonly truncated: TruncatedRange | undefined;
}

/**
 * Brings a new recorder to where the record of a run ends, so that it continues counting and hashing from there. Reads
 * one page per turn of the queue, since the record may be large. Rejects when `signal` is aborted.
 */
export async function replayRecord(
  { events, id, lastSeq }: EarlierRecord,
  recorder: Recorder,
  eventLoop: EventLoopQueue,
  signal: AbortSignal,
): Promise<ReplayedRecord> {
  let whole = true;
  let truncated: TruncatedRange | undefined;
  for (let seq = 0; seq < lastSeq; ) {
    await eventLoop.next();
    signal.throwIfAborted();
    const page = events.read(id, seq, pageBytes).filter((event) => event.seq <= lastSeq);
    for (const event of page) {
      const place = placeOf(event);
      if (place === "damaged") whole = false;
      if (place === undefined || place === "damaged") continue;
      const missing = place.end - recorder.receivedBytes(place.stream);
      if (missing > 0) {
        whole = false;
        recorder.skip(place.stream, missing);
      }
      if (event.kind !== "output") continue;
      const part = recorder.replay(event.stream, event.bytes);
      if (part === "end") truncated ??= { first: event.seq, last: event.seq - 1, gaps: [] };
    }
    const last = page.at(-1);
    if (last === undefined) break;
    seq = last.seq;
  }
  return { whole, truncated };
}

/** The end of a gap, or of what precedes output; undefined for other events. A damaged event may have been either. */
function placeOf(event: RecordedEvent): { stream: OutputStream; end: number } | "damaged" | undefined {
  if (event.kind === "damaged") return "damaged";
  if (event.kind === "control") return undefined;
  return { stream: event.stream, end: event.kind === "gap" ? event.to : event.offset };
}
