import type { OutputStream } from "../../../protocol/event.ts";
import type { Run, RunState } from "../../../protocol/run.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { EventLoopQueue } from "../../core/event-loop-queue.ts";
import { type Numbered, Transcript } from "../../core/transcript.ts";
import { retryOnce } from "../../core/retry-once.ts";
import { completeFields, type Ending, endedAs } from "./ending.ts";
import { mended } from "./mended-event.ts";
import { Pace } from "./pace.ts";
import { type Recorded, Recorder } from "./recorder.ts";
import { replayRecord } from "./replay-record.ts";
import type { RemoteProcess } from "../../transport/remote.ts";
import type { TruncatedRange } from "./event-log.ts";
import type { IdempotencyKey, RunStore } from "./run-store.ts";
import { type ControlFields, controlContent, type EventContent, type StoredEvent } from "./stored-event.ts";

export interface LiveRunParts {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every change of the run's state, after it is recorded. */
  readonly onChange: (run: Run) => void;
}

/** An event as its readers get it. */
export type ShownEvent = StoredEvent & Numbered;

/** What an event costs to keep beside its bytes, about; and one that has none. */
const overheadBytes = 200;
const controlBytes = 1000;
/** A disk that is full or fails is tried again so often. */
const settleAgainMs = 1000;

/**
 * A run that has not ended: its state, its record and the stream that its readers follow. Whatever happens
 * is written first and published after; several chunks that arrive in one turn of the event loop are one
 * write. `queued → connecting → running → ended`, and never back.
 */
export class LiveRun {
  readonly transcript: Transcript<ShownEvent>;
  /** Holds the host for readers who are to have every byte. */
  readonly pace: Pace;
  /** Who ran it where (see `Remote.identity`), once that is known. */
  identity: string | undefined;
  /** False when an earlier daemon lost bytes or dropped them: then the hashes of the streams are not known here. */
  whole = true;
  readonly #parts: LiveRunParts;
  readonly #recorder: Recorder;
  readonly #begunAt: number;
  #run: Run;
  #seq = 0;
  /** Events that were shown although the store did not take them: they go first at the next write. */
  #pendingWrites: StoredEvent[] = [];
  #owesRun = false;
  /** Where the middle of too much output was taken out. */
  #cut: TruncatedRange | undefined;
  #flushing: NodeJS.Immediate | undefined;
  readonly #persisted = Promise.withResolvers<void>();
  /** Resolves when the ending is in the store. It is shown in any case: until then nothing else knows of it. */
  readonly persisted = this.#persisted.promise;

  /**
   * Commits the intent. `storage_full` when it can't be written: then there is no run. One that another daemon
   * began goes on where its record ends instead.
   */
  constructor(
    run: Run,
    origin: { readonly key: IdempotencyKey | undefined } | "another daemon",
    recordLimitBytes: number,
    parts: LiveRunParts,
  ) {
    this.#parts = parts;
    this.#run = run;
    this.#recorder = new Recorder(recordLimitBytes);
    if (origin === "another daemon") this.#seq = parts.store.events.lastSeq(run.id);
    this.transcript = new Transcript(this.#seq);
    this.pace = new Pace(this.transcript, () => this.#recorder.truncatedBytes === 0);
    if (origin === "another daemon") {
      this.#begunAt =
        parts.clock.elapsed() - Math.max(0, Date.parse(parts.clock.now()) - Date.parse(run.createdAt));
      return;
    }
    this.#begunAt = parts.clock.elapsed();
    const first = [this.#event(controlContent({ type: "init", run }), run.createdAt)];
    parts.store.create(run, first, origin.key);
    this.#show(first);
    parts.onChange(run);
  }

  /**
   * Of a run that another daemon began: takes in what is recorded, before anything else is taken in or it may end.
   * Its readers have the record meanwhile. Rejects when `signal` is aborted.
   */
  async replay(turns: EventLoopQueue, signal: AbortSignal): Promise<void> {
    const { events } = this.#parts.store;
    const record = { events, id: this.#run.id, lastSeq: this.#seq };
    const { whole, cut } = await replayRecord(record, this.#recorder, turns, signal);
    this.whole = whole;
    this.#cut = cut;
  }

  get run(): Run {
    return this.#run;
  }

  get ended(): boolean {
    return this.#run.state === "ended";
  }

  /** Milliseconds since the run was made. */
  get ageMs(): number {
    return this.#parts.clock.elapsed() - this.#begunAt;
  }

  /** Bytes taken in so far, also those beyond the record's limit. */
  receivedBytes(stream: OutputStream): number {
    return this.#recorder.receivedBytes(stream);
  }

  /** Goes to a further state, or tells what happens within the present one. */
  status(
    state: Exclude<RunState, "ended">,
    message: string,
    change: Partial<Run> = {},
    more: { readonly reconnecting?: true; readonly banner?: string } = {},
  ): void {
    if (this.ended) return;
    const moved = state !== this.#run.state;
    const startedAt = state === "running" && this.#run.startedAt === null ? { startedAt: this.#now() } : {};
    this.#run = { ...this.#run, ...change, ...startedAt, state };
    this.#write([controlContent({ type: "status", state, message, ...more })], moved);
    if (moved) this.#parts.onChange(this.#run);
  }

  output(stream: OutputStream, chunk: Buffer): void {
    if (this.ended) return;
    if (this.#run.timings.firstByteMs === null) this.timing({ firstByteMs: this.ageMs });
    this.#recorder.push(stream, chunk);
    this.#flushing ??= setImmediate(() => this.#flush(false));
  }

  /** Takes measured times in; they are written with the next change of state. */
  timing(measured: Partial<Run["timings"]>): void {
    this.#run = { ...this.#run, timings: { ...this.#run.timings, ...measured } };
  }

  /** Its command has been sent. */
  sentTo({ identity, connectMs, channelMs }: RemoteProcess): void {
    this.identity = identity;
    this.timing({ connectMs, channelMs });
  }

  /** The one ending. A second one is ignored: the first to come is true. */
  end(ending: Ending): void {
    if (this.ended) return;
    this.#flush(true);
    // Only gaps are left: what the last write lost is announced with the ending, which is shown in any case.
    const gaps = this.#recorder.take(true);
    this.timing({ totalMs: this.ageMs });
    this.#run = {
      ...endedAs(this.#run, ending, this.#now()),
      stdoutBytes: this.#recorder.receivedBytes("stdout"),
      stderrBytes: this.#recorder.receivedBytes("stderr"),
      truncatedBytes: this.#recorder.truncatedBytes,
    };
    const { problem } = this.#run;
    const failure: ControlFields[] = problem === null ? [] : [{ type: "error", problem }];
    const sha256 = this.whole ? this.#recorder.sha256() : ending.sha256;
    const last = [...failure, completeFields(this.#run, sha256)].map(controlContent);
    this.#write([...gaps, ...last], true);
    this.#parts.onChange(this.#run);
  }

  /** Answers with the recorded output of an earlier run instead of running the command. */
  endAsCopy(of: Run, sha256: { stdout: string; stderr: string }): void {
    const message = "Answered from the cache";
    this.#write([controlContent({ type: "status", state: "running", message })], false);
    this.#seq = this.#parts.store.events.copyOutput(of.id, this.#run.id, this.#seq + 1) - 1;
    this.#showRecorded();
    const { stdoutBytes, stderrBytes, truncatedBytes, exitCode, outcome } = of;
    this.timing({ totalMs: this.ageMs });
    const ended = { state: "ended", outcome, exitCode, stdoutBytes, stderrBytes, truncatedBytes } as const;
    this.#run = { ...this.#run, ...ended, startedAt: this.#now(), endedAt: this.#now() };
    this.#write([controlContent(completeFields(this.#run, sha256))], true);
    this.#parts.onChange(this.#run);
  }

  /** Records what arrived, then shows it. What can't be recorded is counted and announced, never shown. */
  #flush(final: boolean): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const pieces = this.#recorder.take(final, this.pace.isFollowed);
    if (pieces.length > 0) this.#record(pieces);
    this.#truncateMiddle(final);
  }

  #record(pieces: readonly Recorded[]): void {
    const at = this.#now();
    const before = this.#seq;
    const events = pieces.map((piece) => this.#event(piece, at));
    const failed = retryOnce(() =>
      this.#parts.store.events.append(this.#run.id, [...this.#pendingWrites, ...events]),
    );
    if (failed !== undefined) {
      this.#seq = before;
      this.#recorder.giveUp(pieces);
      this.#parts.log.error("Output could not be recorded", { run: this.#run.id, ...failed });
      return;
    }
    this.#pendingWrites = [];
    this.#show(events);
    const end = pieces.findIndex((piece) => piece.kind === "output" && piece.part === "end");
    if (end >= 0) this.#cut ??= { first: before + end + 1, last: before + end, gaps: [] };
  }

  /** Keeps the record within its limit: what the oldest readers saw of the middle gives way to the newest. */
  #truncateMiddle(final: boolean): void {
    const { store, log } = this.#parts;
    const at = this.#now();
    try {
      while (this.#cut !== undefined && this.#recorder.excessBytes > 0) {
        const more = store.events.truncateMiddle(this.#run.id, this.#cut, this.#recorder.excessBytes, at);
        this.#cut = more.cut;
        this.#recorder.dropped(more.bytes);
        if (!final || more.bytes === 0) return;
      }
    } catch (failure) {
      log.error("Output beyond the record's limit could not be dropped", { run: this.#run.id, failure });
    }
  }

  #event(content: EventContent, at: string): StoredEvent {
    return { seq: ++this.#seq, at, ...content };
  }

  /** Writes events that must reach the readers even when the disk is full: then they are shown unrecorded. */
  #write(contents: readonly EventContent[], withRun: boolean): void {
    this.#flush(false);
    const at = this.#now();
    const events = contents.map((content) => this.#event(content, at));
    this.#pendingWrites.push(...events);
    this.#owesRun ||= withRun;
    if (!this.#flushPending()) this.#flushPendingLater();
    this.#show(events);
  }

  /** Records what is owed: a numbered event must not be missing for ever. */
  #flushPending(): boolean {
    const run = this.#owesRun ? this.#run : undefined;
    const failed = retryOnce(() => this.#parts.store.events.append(this.#run.id, this.#pendingWrites, run));
    if (failed !== undefined) {
      this.#parts.log.error("A run's state could not be recorded yet", { run: this.#run.id, ...failed });
      return false;
    }
    this.#pendingWrites = [];
    this.#owesRun = false;
    if (this.ended) this.#persisted.resolve();
    return true;
  }

  /** After the ending no further write comes that would take along what is owed. */
  #flushPendingLater(): void {
    if (!this.ended) return;
    setTimeout(() => {
      if (!this.#flushPending()) this.#flushPendingLater();
    }, settleAgainMs).unref();
  }

  #show(events: readonly StoredEvent[]): void {
    const shown = events.map((event) => ({ ...event, size: keptBytes(event) }));
    this.transcript.append(shown, this.ended);
  }

  #showRecorded(): void {
    for (;;) {
      const page = this.#parts.store.events.read(this.#run.id, this.transcript.lastSeq, 1024 * 1024);
      if (page.length === 0) return;
      this.#show(page.map((event) => mended(event, this.#run, this.#seq)));
    }
  }

  #now(): string {
    return this.#parts.clock.now();
  }
}

function keptBytes(event: StoredEvent): number {
  return event.kind === "output" ? event.bytes.length + overheadBytes : controlBytes;
}
