import { formatSpan } from "../../../protocol/span.ts";
import type { OutputStream } from "../../../protocol/event.ts";
import type { Run, RunState } from "../../../protocol/run.ts";
import type { EventLoopQueue } from "../../core/event-loop-queue.ts";
import type { Transcript } from "../../core/transcript.ts";
import type { RemoteProcess } from "../../transport/remote.ts";
import { completeFields, type Ending, endedAs, unrecorded } from "./ending.ts";
import { EventWriter } from "./event-writer.ts";
import type { EventWriterParts } from "./event-writer-parts.ts";
import { Pace } from "./pace.ts";
import type { IdempotencyKey } from "./run-store.ts";
import { type ControlFields, controlContent, type EventContent, type ShownEvent } from "./stored-event.ts";

export interface LiveRunParts extends EventWriterParts {
  /** Told of every change of the run's state, after it is recorded. */
  readonly onChange: (run: Run) => void;
}

/**
 * A run that has not ended: what happens to it, and which events tell of that.
 * `queued → connecting → running → ended`, and never back.
 */
export class LiveRun {
  /** Holds the host for readers who are to have every byte. */
  readonly pace: Pace;
  /** Who ran it where (see `Remote.identity`), once that is known. */
  identity: string | undefined;
  /** False when an earlier daemon lost bytes or dropped them: then the hashes of the streams are not known here. */
  hasEveryByte = true;
  readonly #parts: LiveRunParts;
  readonly #writer: EventWriter;
  readonly #begunAt: number;
  #run: Run;

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
    const lastSeq = origin === "another daemon" ? parts.store.events.lastSeq(run.id) : 0;
    const place = { run: () => this.#run, lastSeq, recordLimitBytes };
    this.#writer = new EventWriter(place, parts, () => this.pace.isFollowed);
    this.pace = new Pace(this.transcript, () => this.#writer.truncatedBytes === 0);
    this.#begunAt = parts.clock.elapsed();
    if (origin === "another daemon") {
      this.#begunAt -= Math.max(0, Date.parse(parts.clock.now()) - Date.parse(run.createdAt));
      return;
    }
    this.#writer.create(origin.key);
    parts.onChange(run);
  }

  /** Output can be had again from where the record ends, see `EventWriter.rewindWith`. */
  rewindWith(onUnrecorded: () => boolean): void {
    this.#writer.rewindWith(onUnrecorded);
  }

  /** Whether the store takes writes. */
  hasRoom(): boolean {
    return this.#writer.hasRoom();
  }

  /** Whether output is missing in the record that the store had no room for. */
  get hasUnrecordedOutput(): boolean {
    return this.#writer.hasUnrecordedOutput;
  }

  /** Records what has come; with `final` also what is held back until more comes. */
  flushOutput(final: boolean): void {
    if (!this.ended) this.#writer.flushOutput(final);
  }

  /**
   * Of a run that another daemon began, or that could not be recorded: takes in what is recorded, before anything else is
   * taken in or it may end. Its readers have the record meanwhile. Rejects when `signal` is aborted.
   */
  async replay(eventLoop: EventLoopQueue, signal: AbortSignal): Promise<void> {
    this.hasEveryByte = await this.#writer.replay(eventLoop, signal);
  }

  /** What the run's readers follow. */
  get transcript(): Transcript<ShownEvent> {
    return this.#writer.transcript;
  }

  /** Resolves when the ending is in the store. That of a run that is `unknown` or `failed` may be shown before. */
  get persisted(): Promise<void> {
    return this.#writer.persisted;
  }

  get run(): Run {
    return this.#run;
  }

  /** It has ended and was deleted: nothing of it is written any more. */
  forget(): void {
    this.#writer.forget();
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
    return this.#writer.receivedBytes(stream);
  }

  /** Goes to a further state, or tells what happens within the present one. */
  status(
    state: Exclude<RunState, "ended">,
    message: string,
    change: Partial<Run> = {},
    more: Pick<Extract<ControlFields, { type: "status" }>, "reconnecting" | "stopping" | "banner"> = {},
  ): void {
    if (this.ended) return;
    const moved = this.#move(state, change);
    this.#writer.write([controlContent({ type: "status", state, message, ...more })], moved);
    if (moved) this.#parts.onChange(this.#run);
  }

  /** The same of a state that a quick command is in for a moment only: it is told with what comes next. */
  passes(state: Exclude<RunState, "ended">, message: string, change: Partial<Run> = {}): void {
    if (this.ended) return;
    const moved = this.#move(state, change);
    const run = this.#run;
    this.#writer.writeSoon([controlContent({ type: "status", state, message })], moved, () => {
      if (moved) this.#parts.onChange(run);
    });
  }

  /** Whether the state is another one now. */
  #move(state: Exclude<RunState, "ended">, change: Partial<Run>): boolean {
    const moved = state !== this.#run.state;
    const startedAt = state === "running" && this.#run.startedAt === null ? { startedAt: this.#now() } : {};
    this.#run = { ...this.#run, ...change, ...startedAt, state };
    return moved;
  }

  /** Tells that a question to a person was opened or closed, which the record keeps without any answer. */
  prompt(event: Extract<ControlFields, { type: "prompt" | "promptClosed" }>): void {
    if (!this.ended) this.#writer.write([controlContent(event)], false);
  }

  output(stream: OutputStream, chunk: Buffer): void {
    if (this.ended) return;
    if (this.#run.timings.firstByteMs === null) this.timing({ firstByteMs: this.ageMs });
    this.#writer.output(stream, chunk);
  }

  /** Takes measured times in; they are written with the next change of state. */
  timing(measured: Partial<Run["timings"]>): void {
    this.#run = { ...this.#run, timings: { ...this.#run.timings, ...measured } };
  }

  /** Takes in what a person says of it, which the store has already. */
  annotate(change: Pick<Run, "pinned" | "note">): void {
    this.#run = { ...this.#run, ...change };
  }

  /** Its command has been sent. */
  sentTo({ identity, connectMs, channelMs }: RemoteProcess): void {
    this.identity = identity;
    this.timing({ connectMs, channelMs });
  }

  /**
   * The one ending. A second one is ignored: the first to come is true. One that the store does not take is shown as what the
   * history will have.
   */
  end(ending: Ending): void {
    if (this.ended) return;
    // Only gaps are left: what the last write lost is announced with the ending.
    const gaps = this.#writer.finish();
    this.timing({ totalMs: this.ageMs });
    const before = this.#run;
    const events = this.#endAs(before, ending, gaps);
    if (!this.#writer.end(events))
      this.#writer.write(this.#endAs(before, unrecorded(before, ending), gaps), true);
    this.#parts.onChange(this.#run);
  }

  /** Takes an ending in; the events that tell of it. */
  #endAs(run: Run, ending: Ending, gaps: readonly EventContent[]): EventContent[] {
    this.#run = {
      ...endedAs(run, ending, this.#now()),
      stdoutBytes: this.receivedBytes("stdout"),
      stderrBytes: this.receivedBytes("stderr"),
      truncatedBytes: this.#writer.truncatedBytes,
    };
    const { problem } = this.#run;
    const failure: ControlFields[] = problem === null ? [] : [{ type: "error", problem }];
    const sha256 = this.hasEveryByte ? this.#writer.sha256() : ending.sha256;
    return [...gaps, ...[...failure, completeFields(this.#run, sha256)].map(controlContent)];
  }

  /** Answers with the recorded output of an earlier run instead of running the command. */
  endAsCopy(of: Run, sha256: { stdout: string; stderr: string }): void {
    const resultAgeMs = Math.max(0, Date.parse(this.#now()) - Date.parse(of.endedAt ?? this.#now()));
    const message = `Answered from the cache: the result of a run that ended ${formatSpan(resultAgeMs)} ago`;
    this.#writer.write([controlContent({ type: "status", state: "running", message })], false);
    this.#writer.copyOutput(of.id);
    const { stdoutBytes, stderrBytes, truncatedBytes, exitCode, outcome } = of;
    this.timing({ totalMs: this.ageMs, resultAgeMs });
    const ended = {
      state: "ended",
      cached: true,
      outcome,
      exitCode,
      stdoutBytes,
      stderrBytes,
      truncatedBytes,
    } as const;
    this.#run = { ...this.#run, ...ended, startedAt: this.#now(), endedAt: this.#now() };
    this.#writer.write([controlContent(completeFields(this.#run, sha256))], true);
    this.#parts.onChange(this.#run);
  }

  #now(): string {
    return this.#parts.clock.now();
  }
}
