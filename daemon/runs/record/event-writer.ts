import type { OutputStream } from "../../../protocol/event.ts";
import type { Run } from "../../../protocol/run.ts";
import type { EventLoopQueue } from "../../core/event-loop-queue.ts";
import { retryOnce } from "../../core/retry-once.ts";
import { Transcript } from "../../core/transcript.ts";
import { type DelayedWrite, DelayedWrites } from "./delayed-writes.ts";
import type { EventWrite, TruncatedRange } from "./event-log.ts";
import type { EventWriterParts, RunRecord } from "./event-writer-parts.ts";
import { Gathering } from "./gathering.ts";
import { isShownAfter } from "./ending.ts";
import { mended } from "./mended-event.ts";
import { isLittle, type Recorded, Recorder } from "./recorder.ts";
import { replayRecord } from "./replay-record.ts";
import type { IdempotencyKey } from "./run-store.ts";
import {
  controlContent,
  type EventContent,
  isOutput,
  type ShownEvent,
  shownEvent,
  type StoredEvent,
} from "./stored-event.ts";
import { truncateMiddle } from "./truncate-middle.ts";
import { withGaps } from "./unrecorded-output.ts";

/** How long to wait before retrying on a full or failing disk. */
const retryMs = 1000;

/**
 * Writes the events of one run: each is numbered, recorded, and then shown to readers. Chunks that arrive together are
 * one write, and so are the states that a quick command passes through.
 */
export class EventWriter implements DelayedWrite {
  readonly transcript: Transcript<ShownEvent>;
  readonly #record: RunRecord;
  readonly #parts: EventWriterParts;
  #recorder: Recorder;
  readonly #isFollowed: () => boolean;
  #onUnrecorded: (() => boolean) | undefined;
  /** Incoming output is ignored until `replay`. */
  #rewinds = false;
  #hasUnrecordedOutput = false;
  #seq: number;
  /** Events that were shown although the store did not take them; the next write begins with them. */
  #pendingWrites: StoredEvent[] = [];
  /** Whether the run's new state is pending, too. */
  #runPending = false;
  /** The range in which excess output was dropped from the middle. */
  #truncated: TruncatedRange | undefined;
  readonly #gathering = new Gathering(() => this.flushOutput(false));
  /** Events neither recorded nor shown yet, which are the last of the pending ones; and the callbacks to call then. */
  #unshown: StoredEvent[] = [];
  #afterShown: (() => void)[] = [];
  readonly #delayed: DelayedWrites;
  #persisted: PromiseWithResolvers<void> | undefined;

  /** `isFollowed` returns whether there is a reader that must get every byte. */
  constructor(record: RunRecord, parts: EventWriterParts, isFollowed: () => boolean) {
    this.#record = record;
    this.#parts = parts;
    this.#delayed = DelayedWrites.of(parts.store.events);
    this.#isFollowed = isFollowed;
    this.#seq = record.lastSeq;
    this.#recorder = new Recorder(record.recordLimitBytes);
    this.transcript = new Transcript(record.lastSeq);
  }

  /** Resolves when the ending is in the store. */
  get persisted(): Promise<void> {
    this.#persisted ??= Promise.withResolvers();
    if (this.#ended && this.#pendingWrites.length === 0) this.#persisted.resolve();
    return this.#persisted.promise;
  }

  /** Commits a new run. Throws `storage_full`. */
  create(key: IdempotencyKey | undefined): void {
    const run = this.#record.run();
    const first = this.#numbered([controlContent({ type: "init", run })], run.createdAt);
    this.#parts.store.create(run, first, key);
    this.#show(first);
  }

  /**
   * For output that can be fetched again. `onUnrecorded` is called when some could not be recorded: returning true
   * promises a `replay`, and then output from where the record ends.
   */
  rewindWith(onUnrecorded: () => boolean): void {
    this.#onUnrecorded = onUnrecorded;
  }

  /** Restores the state from the record; resolves to false if bytes are missing. Rejects when `signal` is aborted. */
  async replay(eventLoop: EventLoopQueue, signal: AbortSignal): Promise<boolean> {
    const record = { events: this.#parts.store.events, id: this.#id, lastSeq: this.#seq };
    const recorder = new Recorder(this.#record.recordLimitBytes);
    const { whole, truncated } = await replayRecord(record, recorder, eventLoop, signal);
    this.#recorder = recorder;
    this.#rewinds = false;
    this.#truncated = truncated;
    return whole;
  }

  /** Whether the store accepts writes. */
  hasRoom(): boolean {
    return this.#flushPending() === undefined;
  }

  /** Whether output is missing from the record because the store had no room for it. */
  get hasUnrecordedOutput(): boolean {
    return this.#hasUnrecordedOutput;
  }

  /** Bytes received so far, including those beyond the record's limit. */
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

  /** Writes events that must reach the readers even if the disk is full: then they are shown unrecorded. */
  write(contents: readonly EventContent[], withRun: boolean): void {
    const events = this.#pend(contents, withRun);
    if (this.#flushPending() !== undefined) this.#flushPendingLater();
    this.#show(events);
  }

  /** Writes and shows the events of an ending; returns false and shows nothing if the store does not take them. */
  end(contents: readonly EventContent[]): boolean {
    const [seq, pending, runPending] = [this.#seq, this.#pendingWrites, this.#runPending];
    const events = this.#numbered(contents);
    this.#pendingWrites = [...pending, ...events];
    this.#runPending = true;
    const failure = this.#flushPending();
    const isShown = failure === undefined || (!contents.some(isOutput) && isShownAfter(failure));
    if (isShown) this.#show(events);
    else [this.#seq, this.#pendingWrites, this.#runPending] = [seq, pending, runPending];
    return isShown;
  }

  /** Writes events with the next ones, or after a moment, since commits and messages cost most; then calls `shown`. */
  writeSoon(contents: readonly EventContent[], withRun: boolean, shown: () => void): void {
    const events = this.#pend(contents, withRun);
    this.#unshown.push(...events);
    this.#afterShown.push(shown);
    this.#delayed.add(this);
  }

  pending(): EventWrite {
    return { id: this.#id, events: this.#pendingWrites, run: this.#pendingRun };
  }

  recorded(): void {
    this.clearPending();
    this.#show([]);
  }

  /** Ends the output. The returned pieces are to be written with the ending: the last output, or gaps for what was lost. */
  finish(): Recorded[] {
    this.#gathering.taken();
    if (!this.#rewinds) {
      const pieces = this.#recorder.take(true, this.#isFollowed());
      if (isLittle(pieces) && this.#recorder.excessBytes === 0) return pieces;
      this.#flush(pieces, true);
    }
    return this.#recorder.take(true);
  }

  /** Writes without the ending what `finish` returned; returns gaps for what could not be recorded. */
  recordLast(pieces: readonly Recorded[]): readonly Recorded[] {
    if (!pieces.some(isOutput)) return pieces;
    this.#append(pieces);
    return this.#recorder.take(true);
  }

  /** Copies the recorded output of an earlier run. */
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
   * Records what has arrived, with `final` also what is held back, then shows it. Output that can't be recorded is
   * counted and announced as a gap, and still shown to readers of every byte.
   */
  flushOutput(final: boolean): void {
    this.#gathering.taken();
    if (this.#rewinds) return;
    this.#flush(this.#recorder.take(final, this.#isFollowed()), final);
  }

  #flush(pieces: readonly Recorded[], final: boolean): void {
    if (pieces.length > 0) this.#append(pieces);
    if (this.#truncated === undefined || this.#recorder.excessBytes === 0) return;
    const excess = { id: this.#id, cut: this.#truncated, recorder: this.#recorder };
    this.#truncated = truncateMiddle(excess, final, this.#parts);
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
    this.clearPending();
    this.#show(events);
    const end = pieces.findIndex((piece) => piece.kind === "output" && piece.part === "end");
    if (end >= 0) this.#truncated ??= { first: before + end + 1, last: before + end, gaps: [] };
  }

  /** Records what is pending, since a numbered event must not be missing forever. */
  #flushPending(): unknown {
    const failed = retryOnce(() =>
      this.#parts.store.events.append(this.#id, this.#pendingWrites, this.#pendingRun),
    );
    if (failed !== undefined) {
      this.#parts.log.error("A run's state could not be recorded yet", { run: this.#id, ...failed });
      return failed.failure;
    }
    this.clearPending();
    return undefined;
  }

  /** Nothing is pending any more: all of it is in the store, or the run has ended and was deleted. */
  clearPending(): void {
    this.#pendingWrites = [];
    this.#runPending = false;
    if (this.#ended) this.#persisted?.resolve();
  }

  /** After the ending there is no further write that would include what is pending. */
  #flushPendingLater(): void {
    if (!this.#ended) return;
    setTimeout(() => {
      if (this.#flushPending() !== undefined) this.#flushPendingLater();
    }, retryMs).unref();
  }

  /** Creates events and adds them to the pending ones. */
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
    this.#delayed.delete(this);
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
