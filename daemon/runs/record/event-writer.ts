import type { OutputStream } from "../../../protocol/event.ts";
import type { Run } from "../../../protocol/run.ts";
import type { EventLoopQueue } from "../../core/event-loop-queue.ts";
import { retryOnce } from "../../core/retry-once.ts";
import { Transcript } from "../../core/transcript.ts";
import { type DelayedWrite, DelayedWrites } from "./delayed-writes.ts";
import type { TruncatedRange } from "./event-log.ts";
import type { EventWriterParts, RunRecord } from "./event-writer-parts.ts";
import { Gathering } from "./gathering.ts";
import { isToldAfter } from "./ending.ts";
import { mended } from "./mended-event.ts";
import { type Recorded, Recorder } from "./recorder.ts";
import { replayRecord } from "./replay-record.ts";
import type { IdempotencyKey } from "./run-store.ts";
import {
  controlContent,
  type EventContent,
  type ShownEvent,
  shownEvent,
  type StoredEvent,
} from "./stored-event.ts";
import { withGaps } from "./unrecorded-output.ts";

/** A disk that is full or fails is tried again so often. */
const retryMs = 1000;

/**
 * Writes the events of one run: each is numbered, recorded first and shown to readers after. Several chunks that arrive
 * together are one write, and so is what a quick command goes through between its beginning and its end.
 */
export class EventWriter {
  readonly transcript: Transcript<ShownEvent>;
  readonly #record: RunRecord;
  readonly #parts: EventWriterParts;
  #recorder: Recorder;
  readonly #isFollowed: () => boolean;
  #onUnrecorded: (() => boolean) | undefined;
  /** What comes is passed over until `replay`. */
  #rewinds = false;
  #hasUnrecordedOutput = false;
  #seq: number;
  /** Events that were shown although the store did not take them: they go first at the next write. */
  #pendingWrites: StoredEvent[] = [];
  /** The run's new state is pending, too. */
  #runPending = false;
  /** Where the middle of too much output was taken out. */
  #truncated: TruncatedRange | undefined;
  readonly #gathering = new Gathering(() => this.flushOutput(false));
  /** Events that are neither recorded nor shown yet, the last of those that are pending; and what is called then. */
  #unshown: StoredEvent[] = [];
  #afterShown: (() => void)[] = [];
  readonly #delayed: DelayedWrites;
  readonly #soon: DelayedWrite = {
    pending: () => ({ id: this.#id, events: this.#pendingWrites, run: this.#pendingRun }),
    recorded: () => {
      this.#recorded();
      this.#show([]);
    },
    writeAlone: () => this.write([], false),
  };
  readonly #persisted = Promise.withResolvers<void>();
  /** Resolves when the ending is in the store. */
  readonly persisted = this.#persisted.promise;

  /** `isFollowed` says whether there is a reader who is to have every byte. */
  constructor(record: RunRecord, parts: EventWriterParts, isFollowed: () => boolean) {
    this.#record = record;
    this.#parts = parts;
    this.#delayed = DelayedWrites.of(parts.store.events);
    this.#isFollowed = isFollowed;
    this.#seq = record.lastSeq;
    this.#recorder = new Recorder(record.recordLimitBytes);
    this.transcript = new Transcript(record.lastSeq);
  }

  /** Commits a new run. `storage_full` */
  create(key: IdempotencyKey | undefined): void {
    const run = this.#record.run();
    const first = this.#numbered([controlContent({ type: "init", run })], run.createdAt);
    this.#parts.store.create(run, first, key);
    this.#show(first);
  }

  /**
   * Output comes from where it can be had again. `onUnrecorded` is called when some could not be recorded: true promises a
   * `replay`, and then what comes from where the record ends.
   */
  rewindWith(onUnrecorded: () => boolean): void {
    this.#onUnrecorded = onUnrecorded;
  }

  /** Takes in what is recorded; false when bytes of it are missing. Rejects when `signal` is aborted. */
  async replay(eventLoop: EventLoopQueue, signal: AbortSignal): Promise<boolean> {
    const record = { events: this.#parts.store.events, id: this.#id, lastSeq: this.#seq };
    const recorder = new Recorder(this.#record.recordLimitBytes);
    const { whole, truncated } = await replayRecord(record, recorder, eventLoop, signal);
    this.#recorder = recorder;
    this.#rewinds = false;
    this.#truncated = truncated;
    return whole;
  }

  /** Whether the store takes writes. */
  hasRoom(): boolean {
    return this.#flushPending() === undefined;
  }

  /** Whether output is missing in the record that the store had no room for. */
  get hasUnrecordedOutput(): boolean {
    return this.#hasUnrecordedOutput;
  }

  /** Bytes taken in so far, also those beyond the record's limit. */
  receivedBytes(stream: OutputStream): number {
    return this.#recorder.receivedBytes(stream);
  }

  get truncatedBytes(): number {
    return this.#recorder.truncatedBytes;
  }

  sha256(): Record<OutputStream, string> {
    return this.#recorder.sha256();
  }

  output(stream: OutputStream, chunk: Buffer): void {
    if (this.#rewinds) return;
    this.#recorder.push(stream, chunk);
    this.#gathering.came(chunk.length);
  }

  /** Writes events that must reach the readers even when the disk is full: then they are shown unrecorded. */
  write(contents: readonly EventContent[], withRun: boolean): void {
    const events = this.#pend(contents, withRun);
    if (this.#flushPending() !== undefined) this.#flushPendingLater();
    this.#show(events);
  }

  /** Writes the events of an ending and shows them; false, and nothing is shown, where the store does not take them. */
  end(contents: readonly EventContent[]): boolean {
    this.flushOutput(false);
    const [seq, pending, runPending] = [this.#seq, this.#pendingWrites, this.#runPending];
    const events = this.#numbered(contents);
    this.#pendingWrites = [...pending, ...events];
    this.#runPending = true;
    const isTold = isToldAfter(this.#flushPending());
    if (isTold) this.#show(events);
    else [this.#seq, this.#pendingWrites, this.#runPending] = [seq, pending, runPending];
    return isTold;
  }

  /**
   * Writes events with those that come next, or after a moment, and then calls `shown`: a commit and a message for each would
   * cost a quick command more than all the rest.
   */
  writeSoon(contents: readonly EventContent[], withRun: boolean, shown: () => void): void {
    const events = this.#pend(contents, withRun);
    this.#unshown.push(...events);
    this.#afterShown.push(shown);
    this.#delayed.add(this.#soon);
  }

  /** No more output comes. What could not be recorded of it is to be written before the ending. */
  finish(): Recorded[] {
    this.flushOutput(true);
    return this.#recorder.take(true);
  }

  /** Takes over the recorded output of an earlier run. */
  copyOutput(from: string): void {
    const { events } = this.#parts.store;
    this.#seq = events.copyOutput(from, this.#id, this.#seq + 1) - 1;
    for (;;) {
      const page = events.read(this.#id, this.transcript.lastSeq, 1024 * 1024);
      if (page.length === 0) return;
      this.#show(page.map((event) => mended(event, this.#record.run, this.#seq)));
    }
  }

  /**
   * Records what has come, with `final` also what is held back until more comes, then shows it. What can't be recorded is
   * counted and announced, and shown to readers of every byte.
   */
  flushOutput(final: boolean): void {
    this.#gathering.taken();
    if (this.#rewinds) return;
    const pieces = this.#recorder.take(final, this.#isFollowed());
    if (pieces.length > 0) this.#append(pieces);
    this.#truncateMiddle(final);
  }

  #append(pieces: readonly Recorded[]): void {
    const before = this.#seq;
    const events = this.#numbered(pieces);
    const writes = [...this.#pendingWrites, ...events];
    const failed = retryOnce(() => this.#parts.store.events.append(this.#id, writes, this.#pendingRun));
    if (failed !== undefined) {
      this.#seq = before;
      this.#parts.log.error("Output could not be recorded", { run: this.#id, ...failed });
      this.#rewinds = this.#onUnrecorded?.() === true;
      this.#hasUnrecordedOutput ||= !this.#rewinds;
      const isShown = !this.#rewinds && this.#isFollowed();
      this.#recorder.giveUp(pieces, isShown);
      if (!isShown) return;
      this.#seq += events.length;
      this.#pendingWrites = withGaps(this.#pendingWrites, events);
      this.#show(events);
      return;
    }
    this.#recorded();
    this.#show(events);
    const end = pieces.findIndex((piece) => piece.kind === "output" && piece.part === "end");
    if (end >= 0) this.#truncated ??= { first: before + end + 1, last: before + end, gaps: [] };
  }

  /** Keeps the record within its limit: what the oldest readers saw of the middle gives way to the newest. */
  #truncateMiddle(final: boolean): void {
    const { store, log } = this.#parts;
    const at = this.#parts.clock.now();
    try {
      while (this.#truncated !== undefined && this.#recorder.excessBytes > 0) {
        const more = store.events.truncateMiddle(this.#id, this.#truncated, this.#recorder.excessBytes, at);
        this.#truncated = more.cut;
        this.#recorder.dropped(more.bytes);
        if (!final || more.bytes === 0) return;
      }
    } catch (failure) {
      log.error("Output beyond the record's limit could not be dropped", { run: this.#id, failure });
    }
  }

  /** Records what is pending: a numbered event must not be missing for ever. */
  #flushPending(): unknown {
    const failed = retryOnce(() =>
      this.#parts.store.events.append(this.#id, this.#pendingWrites, this.#pendingRun),
    );
    if (failed !== undefined) {
      this.#parts.log.error("A run's state could not be recorded yet", { run: this.#id, ...failed });
      return failed.failure;
    }
    this.#recorded();
    return undefined;
  }

  /** What was pending is in the store. */
  #recorded(): void {
    this.#pendingWrites = [];
    this.#runPending = false;
    if (this.#ended) this.#persisted.resolve();
  }

  /** The run has ended and was deleted: what is pending of it is nobody's. */
  forget(): void {
    this.#recorded();
    this.#persisted.resolve();
  }

  /** After the ending no further write comes that would take along what is pending. */
  #flushPendingLater(): void {
    if (!this.#ended) return;
    setTimeout(() => {
      if (this.#flushPending() !== undefined) this.#flushPendingLater();
    }, retryMs).unref();
  }

  /** Makes events that are to be written. */
  #pend(contents: readonly EventContent[], withRun: boolean): StoredEvent[] {
    this.flushOutput(false);
    const events = this.#numbered(contents);
    this.#pendingWrites.push(...events);
    this.#runPending ||= withRun;
    return events;
  }

  #numbered(contents: readonly EventContent[], at = this.#parts.clock.now()): StoredEvent[] {
    return contents.map((content) => ({ seq: ++this.#seq, at, ...content }));
  }

  #show(events: readonly StoredEvent[]): void {
    this.#delayed.delete(this.#soon);
    const shown = [...this.#unshown, ...events].map(shownEvent);
    this.#unshown = [];
    this.transcript.append(shown, this.#ended);
    for (const tell of this.#afterShown.splice(0)) tell();
  }

  get #pendingRun(): Run | undefined {
    return this.#runPending ? this.#record.run() : undefined;
  }

  get #id(): string {
    return this.#record.run().id;
  }

  get #ended(): boolean {
    return this.#record.run().state === "ended";
  }
}
