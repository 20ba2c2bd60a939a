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
import type { Recorded } from "./recorder.ts";
import type { IdempotencyKey } from "./run-store.ts";
import { type ControlFields, controlContent, type EventContent, type ShownEvent } from "./stored-event.ts";

export interface LiveRunParts extends EventWriterParts {
  /** Called after each change of the run's state has been recorded. */
  readonly onChange: (run: Run) => void;
}

/**
 * A run that has not ended: its state, and the events that record each change.
 * `queued → connecting → running → ended`, and never back.
 */
export class LiveRun {
  /** Which login ran it (see `Remote.identity`), once known. */
  identity: string | undefined;
  /** False when an earlier daemon lost or dropped bytes; then the streams' hashes are not known here. */
  hasEveryByte = true;
  readonly #parts: LiveRunParts;
  readonly #writer: EventWriter;
  readonly #begunAt: number;
  #pace: Pace | undefined;
  #run: Run;

  /**
   * Commits the intent. Throws `storage_full` if it can't be written; then there is no run. A run that another daemon
   * began continues where its record ends.
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
    this.#writer = new EventWriter(place, parts, () => this.#pace?.isFollowed === true);
    this.#begunAt = parts.clock.elapsed();
    if (origin === "another daemon") {
      this.#begunAt -= Math.max(0, Date.parse(parts.clock.now()) - Date.parse(run.createdAt));
      return;
    }
    this.#writer.create(origin.key);
    parts.onChange(run);
  }

  /** Holds the host for readers that must get every byte. */
  get pace(): Pace {
    return (this.#pace ??= new Pace(this.transcript, () => this.#writer.truncatedBytes === 0));
  }

  /** For output that can be fetched again, see `EventWriter.rewindWith`. */
  rewindWith(onUnrecorded: () => boolean): void {
    this.#writer.rewindWith(onUnrecorded);
  }

  /** Whether the store accepts writes. */
  hasRoom(): boolean {
    return this.#writer.hasRoom();
  }

  /** Whether output is missing from the record because the store had no room for it. */
  get hasUnrecordedOutput(): boolean {
    return this.#writer.hasUnrecordedOutput;
  }

  /** Records what has arrived; with `final` also what is held back. */
  flushOutput(final: boolean): void {
    if (!this.ended) this.#writer.flushOutput(final);
  }

  /**
   * For a run that another daemon began, or that could not be recorded: restores the state from the record. Must
   * complete before the run takes more output or ends; readers get the record meanwhile. Rejects when `signal` is
   * aborted.
   */
  async replay(eventLoop: EventLoopQueue, signal: AbortSignal): Promise<void> {
    this.hasEveryByte = await this.#writer.replay(eventLoop, signal);
  }

  /** What the run's readers follow. */
  get transcript(): Transcript<ShownEvent> {
    return this.#writer.transcript;
  }

  /** Resolves when the ending is in the store. An `unknown` or `failed` ending may be shown earlier. */
  get persisted(): Promise<void> {
    return this.#writer.persisted;
  }

  get run(): Run {
    return this.#run;
  }

  /** The run has ended and was deleted: no more of it is written. */
  forget(): void {
    this.#writer.clearPending();
  }

  get ended(): boolean {
    return this.#run.state === "ended";
  }

  /** Milliseconds since the run was made. */
  get ageMs(): number {
    return this.#parts.clock.elapsed() - this.#begunAt;
  }

  /** Bytes received so far, including those beyond the record's limit. */
  receivedBytes(stream: OutputStream): number {
    return this.#writer.receivedBytes(stream);
  }

  /** Advances to a further state, or reports progress within the present one. */
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

  /** Like `status`, for a state that a quick command is in only briefly: written with what comes next. */
  passes(state: Exclude<RunState, "ended">, message: string, change: Partial<Run> = {}): void {
    if (this.ended) return;
    const moved = this.#move(state, change);
    const run = this.#run;
    this.#writer.writeSoon([controlContent({ type: "status", state, message })], moved, () => {
      if (moved) this.#parts.onChange(run);
    });
  }

  /** Returns whether the state has changed. */
  #move(state: Exclude<RunState, "ended">, change: Partial<Run>): boolean {
    const moved = state !== this.#run.state;
    const startedAt = state === "running" && this.#run.startedAt === null ? { startedAt: this.#now() } : {};
    this.#run = { ...this.#run, ...change, ...startedAt, state };
    return moved;
  }

  /** Records that a question to a person was opened or closed; never the answer. */
  prompt(event: Extract<ControlFields, { type: "prompt" | "promptClosed" }>): void {
    if (!this.ended) this.#writer.write([controlContent(event)], false);
  }

  output(stream: OutputStream, chunk: Buffer): void {
    if (this.ended) return;
    if (this.#run.timings.firstByteMs === null) this.timing({ firstByteMs: this.ageMs });
    this.#writer.output(stream, chunk);
  }

  /** Sets measured times; they are written with the next change of state. */
  timing(measured: Partial<Run["timings"]>): void {
    this.#run = { ...this.#run, timings: { ...this.#run.timings, ...measured } };
  }

  /** Sets the pin and note, which the store already has. */
  annotate(change: Pick<Run, "pinned" | "note">): void {
    this.#run = { ...this.#run, ...change };
  }

  /** To be called when the command has been sent. */
  sentTo(process: RemoteProcess): void {
    const { identity, connectMs, channelMs } = process;
    this.identity = identity;
    this.timing({ connectMs, channelMs });
    process.runBegan();
  }

  /**
   * Ends the run, once: any later ending is ignored. An ending that the store does not take is shown as the history
   * will have it.
   */
  end(ending: Ending): void {
    if (this.ended) return;
    const last = this.#writer.finish();
    this.timing({ totalMs: this.ageMs });
    const before = this.#run;
    if (!this.#writer.end(this.#endAs(before, ending, last))) this.#endAlone(before, ending, last);
    this.#parts.onChange(this.#run);
  }

  /** Writes the last output separately if the store did not take both, so that the ending can report what was lost. */
  #endAlone(before: Run, ending: Ending, last: readonly Recorded[]): void {
    this.#run = before;
    const gaps = this.#writer.recordLast(last);
    if (gaps !== last && this.#writer.end(this.#endAs(before, ending, gaps))) return;
    this.#writer.write(this.#endAs(before, unrecorded(before, ending), gaps), true);
  }

  /** Applies an ending; returns its events, after the last output. */
  #endAs(run: Run, ending: Ending, last: readonly EventContent[]): EventContent[] {
    this.#run = {
      ...endedAs(run, ending, this.#now()),
      stdoutBytes: this.receivedBytes("stdout"),
      stderrBytes: this.receivedBytes("stderr"),
      truncatedBytes: this.#writer.truncatedBytes,
    };
    const { problem } = this.#run;
    const failure: ControlFields[] = problem === null ? [] : [{ type: "error", problem }];
    const sha256 = this.hasEveryByte ? this.#writer.sha256() : ending.sha256;
    return [...last, ...[...failure, completeFields(this.#run, sha256)].map(controlContent)];
  }

  /** Ends the run with the recorded output of an earlier run instead of running the command. */
  endAsCopy(of: Run, sha256: { stdout: string; stderr: string }): void {
    const resultAgeMs = Math.max(0, Date.parse(this.#now()) - Date.parse(of.endedAt ?? this.#now()));
    const message = `Answered from the cache: the result of a run that ended ${formatSpan(resultAgeMs)} ago`;
    this.#writer.write([controlContent({ type: "status", state: "running", message, cached: true })], false);
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
