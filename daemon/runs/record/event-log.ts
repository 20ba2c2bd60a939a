import type { OutputStream } from "../../../protocol/event.ts";
import type { Run } from "../../../protocol/run.ts";
import type { RecordedEvent, StoredEvent, StreamGap } from "./stored-event.ts";

/**
 * The events of runs, numbered from 1 within each run. Runs are named by their public `id`. Every method has committed
 * when it returns. An unknown run has no events, and none can be appended.
 */
export interface EventLog {
  /** Identifies the numbering: an event's id is `epoch.seq`. Every log has its own. */
  readonly epoch: string;
  /** Writes events, and the run's new state if given, in one transaction. Throws `storage_full`. */
  append(id: string, events: readonly StoredEvent[], run?: Run): void;
  /** Does the same for several runs in one transaction. */
  appendAll(writes: readonly EventWrite[]): void;
  /**
   * Drops at least `bytes` of a run's oldest output after the cut and extends the cut over it, replacing it by gap
   * events with the time `at`. Drops less if that would take many steps.
   */
  truncateMiddle(id: string, cut: TruncatedRange, bytes: number, at: string): TruncatedOutput;
  /** Copies the recorded output of another run, renumbered from `firstSeq`; returns the next free seq. */
  copyOutput(from: string, to: string, firstSeq: number): number;
  /** Events after `seq` in order, about `maxBytes` of them, but at least one if there is any. */
  read(id: string, after: number, maxBytes: number): RecordedEvent[];
  lastSeq(id: string): number;
  /** The newest event. */
  last(id: string): RecordedEvent | undefined;
  /** Where a reader resumes that has `offset` bytes of a stream. */
  placeOf(id: string, stream: OutputStream, offset: number): StreamPlace;
  /** The recorded bytes of one stream, or of both in the order of arrival. */
  output(id: string, stream: OutputStream | "both"): RecordedOutput;
}

/** Events of a run that has not ended, and its new state if it has changed. */
export interface EventWrite {
  readonly id: string;
  readonly events: readonly StoredEvent[];
  readonly run: Run | undefined;
}

export interface StreamPlace {
  /** The byte at the offset comes after this number. */
  readonly seq: number;
  /** The size of the stream when the last of it was recorded. */
  readonly end: number;
}

/** Where output was dropped from the middle of a record: the events from `first` to `last` are now gaps. */
export interface TruncatedRange {
  readonly first: number;
  readonly last: number;
  readonly gaps: readonly StreamGap[];
}

export interface TruncatedOutput {
  /** To be passed to the next call. */
  readonly cut: TruncatedRange;
  readonly bytes: number;
}

export interface RecordedOutput {
  readonly size: number;
  /** Of one stream: its size when the last of it was recorded, including bytes that were not. */
  readonly end: number;
  /** Yields the bytes from `from` up to, not including, `to`, in pieces. */
  read(from: number, to: number): Iterable<Buffer>;
}
