import type { OutputStream } from "../../../protocol/event.ts";
import type { Run, RunQuery } from "../../../protocol/run.ts";
import type { RecordedEvent, StoredEvent, StreamGap } from "./stored-event.ts";

/** A run and the number by which the store orders and finds it. */
export interface StoredRun {
  readonly number: number;
  readonly run: Run;
}

export interface IdempotencyKey {
  readonly key: string;
  readonly requestSha256: string;
}

export interface RunFilter extends Omit<RunQuery, "cursor" | "limit"> {
  readonly limit: number;
  /** Only runs older than the one of this number. */
  readonly before: number | undefined;
}

export interface RunPage {
  readonly runs: readonly StoredRun[];
  /** What the filter's `before` is to be for the next page; undefined on the last one. */
  readonly before: number | undefined;
}

/** What the run engine needs of the store. Every method has committed when it returns. */
export interface RunStore {
  readonly epoch: string;
  /** Writes the intent with its first events. `storage_full` when there is no room. */
  create(run: Run, events: readonly StoredEvent[], key: IdempotencyKey | undefined): number;
  /** Writes events, and the run's new state where one is given, in one transaction. */
  append(number: number, events: readonly StoredEvent[], run?: Run): void;
  /**
   * Takes at least `bytes` of a run's oldest output behind the cut out of the record and widens the cut by it, with
   * gap events of the time `at` in its place; less where that takes many steps.
   */
  cutOutput(number: number, cut: Cut, bytes: number, at: string): CutOutput;
  /** Takes over the recorded output of another run, renumbered from `firstSeq`; the next free seq. */
  copyOutput(from: number, to: number, firstSeq: number): number;
  get(id: string): StoredRun | undefined;
  /** Also of a run that is damaged beyond being shown. */
  numberOf(id: string): number | undefined;
  /**
   * Newest first. `q` finds ended runs by command, host and output, once they were taken in by `index`; those
   * before, and by fewer than three characters all, by command and host.
   */
  list(filter: RunFilter): RunPage;
  /** Runs that had not ended when the store was last closed, or the daemon killed. */
  listOpen(): StoredRun[];
  delete(number: number): void;
  /** Removes what is left of the output of deleted runs. */
  sweepFiles(signal: AbortSignal): Promise<void>;
  /** Events after `seq` in order, about `maxBytes` of them, at least one if there is any. */
  events(number: number, after: number, maxBytes: number): RecordedEvent[];
  lastSeq(number: number): number;
  /** Where a reader goes on that has so many bytes of a stream. */
  placeOf(number: number, stream: OutputStream, offset: number): StreamPlace;
  /** The recorded bytes of one stream, or of both in the order they came. */
  output(number: number, stream: OutputStream | "both"): RecordedOutput;
  keyOf(key: string): { requestSha256: string; runId: string } | undefined;
  forgetKeysBefore(instant: string): void;
  /**
   * Takes ended runs that the search does not know yet in: at most `maxRuns`, and no further one once `maxBytes`
   * of output are in. False when none is left.
   */
  index(maxRuns: number, maxBytes: number): boolean;
  countRuns(): number;
  /** The run that ended before all others. */
  oldestEnded(): { readonly id: string; readonly endedAt: string } | undefined;
  /** What is in the store, without the room that became free in its file. */
  usedBytes(): number;
  /** Bytes of output that lie outside the database. */
  bytesInFiles(): number;
}

export interface StreamPlace {
  /** Behind this number comes the byte at the offset. */
  readonly seq: number;
  /** How many bytes of the stream had come when the last of it was recorded. */
  readonly end: number;
}

/** Where output was taken out of the middle of a record: the events from `first` to `last` are gaps now. */
export interface Cut {
  readonly first: number;
  readonly last: number;
  readonly gaps: readonly StreamGap[];
}

export interface CutOutput {
  /** What is to be given the next time. */
  readonly cut: Cut;
  readonly bytes: number;
}

export interface RecordedOutput {
  readonly size: number;
  /** Of one stream: how many bytes had come when the last of it was recorded, those counted that are not. */
  readonly end: number;
  /** Pieces of the bytes from `from` up to, not including, `to`. */
  read(from: number, to: number): Iterable<Buffer>;
}
