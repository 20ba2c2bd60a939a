import type { OutputStream } from "../../../protocol/event.ts";
import type { Run } from "../../../protocol/run.ts";
import type { RecordedEvent, StoredEvent, StreamGap } from "./stored-event.ts";

/**
 * The events of runs, numbered from 1 in each. A run is named by its `id`, which is its name everywhere. Every method has
 * committed when it returns. Of a run that is not known there are no events, and none can be appended.
 */
export interface EventLog {
  /** Of the numbers: an event's id is `epoch.seq`. Another log has another one. */
  readonly epoch: string;
  /** Writes events, and the run's new state where one is given, in one transaction. `storage_full`. */
  append(id: string, events: readonly StoredEvent[], run?: Run): void;
  /** The same of several runs in one transaction. */
  appendAll(writes: readonly EventWrite[]): void;
  /**
   * Takes at least `bytes` of a run's oldest output behind the cut out of the record and widens the cut by it, with
   * gap events of the time `at` in its place; less where that takes many steps.
   */
  truncateMiddle(id: string, cut: TruncatedRange, bytes: number, at: string): TruncatedOutput;
  /** Takes over the recorded output of another run, renumbered from `firstSeq`; the next free seq. */
  copyOutput(from: string, to: string, firstSeq: number): number;
  /** Events after `seq` in order, about `maxBytes` of them, at least one if there is any. */
  read(id: string, after: number, maxBytes: number): RecordedEvent[];
  lastSeq(id: string): number;
  /** Where a reader goes on that has so many bytes of a stream. */
  placeOf(id: string, stream: OutputStream, offset: number): StreamPlace;
  /** The recorded bytes of one stream, or of both in the order they came. */
  output(id: string, stream: OutputStream | "both"): RecordedOutput;
}

/** Events of a run that has not ended, and its new state where it has one. */
export interface EventWrite {
  readonly id: string;
  readonly events: readonly StoredEvent[];
  readonly run: Run | undefined;
}

export interface StreamPlace {
  /** Behind this number comes the byte at the offset. */
  readonly seq: number;
  /** How many bytes of the stream had come when the last of it was recorded. */
  readonly end: number;
}

/** Where output was taken out of the middle of a record: the events from `first` to `last` are gaps now. */
export interface TruncatedRange {
  readonly first: number;
  readonly last: number;
  readonly gaps: readonly StreamGap[];
}

export interface TruncatedOutput {
  /** What is to be given the next time. */
  readonly cut: TruncatedRange;
  readonly bytes: number;
}

export interface RecordedOutput {
  readonly size: number;
  /** Of one stream: how many bytes had come when the last of it was recorded, those counted that are not. */
  readonly end: number;
  /** Pieces of the bytes from `from` up to, not including, `to`. */
  read(from: number, to: number): Iterable<Buffer>;
}
