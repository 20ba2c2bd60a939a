import { randomBytes } from "node:crypto";
import type { Feed } from "../core/feed.ts";
import type { StoredEvent } from "../runs/record/stored-event.ts";

/** One message of a job's stream: an event of one of its runs, or its own ending. */
export type JobEvent = { readonly seq: number } & (
  | { readonly run: string; readonly event: StoredEvent }
  | { readonly ending: object }
);

/** Reads the events of a run. */
export interface RunRecord {
  after(seq: number, maxBytes: number): readonly StoredEvent[];
}

export interface JobReading {
  readonly from: number;
  /** Whether output is included. */
  readonly output: boolean;
}

/** Consecutive events of one run in the job's stream. */
interface Stretch {
  readonly run: string;
  readonly record: RunRecord;
  /** First number in the job's stream, and in the run's. */
  readonly first: number;
  readonly runFirst: number;
  runLast: number;
}

/**
 * The order in which the events of a job's runs are emitted. It holds only their numbers; the runs' records hold the
 * events. Its numbers are invalid in another log of the same job, so each log has its own epoch.
 */
export class JobLog {
  readonly epoch = randomBytes(6).toString("hex");
  readonly #stretches: Stretch[] = [];
  readonly #wakers = new Set<() => void>();
  readonly #lastOf = new Map<string, number>();
  #isWaking = false;
  #lastSeq = 0;
  #ending: object | undefined;

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** To be called when a run's record has grown to `lastSeq`. */
  grown(run: string, record: RunRecord, lastSeq: number): void {
    const before = this.#lastOf.get(run) ?? 0;
    if (lastSeq <= before) return;
    const last = this.#stretches.at(-1);
    if (last?.run === run) last.runLast = lastSeq;
    else {
      const first = this.#lastSeq + 1;
      this.#stretches.push({ run, record, first, runFirst: before + 1, runLast: lastSeq });
    }
    this.#lastOf.set(run, lastSeq);
    this.#lastSeq += lastSeq - before;
    this.#wake();
  }

  /** Ends the stream. */
  end(ending: object): void {
    this.#ending = ending;
    this.#lastSeq += 1;
    this.#wake();
  }

  feed({ from, output }: JobReading): Feed<JobEvent> {
    const after = (seq: number, maxBytes: number): JobEvent[] => this.#after(seq, { maxBytes, output });
    return {
      from,
      after,
      over: (seq) => this.#ending !== undefined && (seq >= this.#lastSeq || after(seq, 1).length === 0),
      follow: (wake) => {
        this.#wakers.add(wake);
        return () => this.#wakers.delete(wake);
      },
    };
  }

  /** Once for all events of one turn of the event loop, so that many runs cause one message. */
  #wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      for (const wake of this.#wakers) wake();
    });
  }

  #after(seq: number, { maxBytes, output }: { maxBytes: number; output: boolean }): JobEvent[] {
    const found: JobEvent[] = [];
    let bytes = 0;
    for (let at = this.#stretchOf(seq + 1); at < this.#stretches.length && bytes < maxBytes; at += 1) {
      const stretch = this.#stretches[at];
      if (stretch === undefined) break;
      for (const event of eventsOf(stretch, seq, maxBytes)) {
        const isOutput = event.kind !== "control";
        if (isOutput && !output) continue;
        found.push({ seq: stretch.first + event.seq - stretch.runFirst, run: stretch.run, event });
        bytes += event.kind === "output" ? event.bytes.length : 200;
        if (bytes >= maxBytes) break;
      }
    }
    if (bytes < maxBytes && this.#ending !== undefined && seq < this.#lastSeq) {
      found.push({ seq: this.#lastSeq, ending: this.#ending });
    }
    return found;
  }

  /** The index of the first stretch that ends at or after `seq`. */
  #stretchOf(seq: number): number {
    let low = 0;
    let high = this.#stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const stretch = this.#stretches[middle];
      if (stretch !== undefined && stretch.first + stretch.runLast - stretch.runFirst < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The events of a stretch after `seq`, a number in the job's stream. */
function* eventsOf(stretch: Stretch, seq: number, maxBytes: number): Generator<StoredEvent> {
  const { record, first, runFirst, runLast } = stretch;
  let at = Math.max(runFirst - 1, runFirst + seq - first);
  while (at < runLast) {
    const events = record.after(at, maxBytes);
    if (events.length === 0) return;
    for (const event of events) {
      if (event.seq > runLast) return;
      yield event;
      at = event.seq;
    }
  }
}
