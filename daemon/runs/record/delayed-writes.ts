import type { EventLog, EventWrite } from "./event-log.ts";

/** What a run has to write that can wait for a moment. */
export interface DelayedWrite {
  pending(): EventWrite;
  /** It is in the store. */
  recorded(): void;
  /** Writes it by itself, whatever comes of it. */
  writeAlone(): void;
}

/** So long what does not matter by itself waits for what comes next. */
const delayMs = 100;

const all = new WeakMap<EventLog, DelayedWrites>();

/** Writes of many runs that can wait: what nothing else has taken along after a moment is one commit. */
export class DelayedWrites {
  readonly #log: EventLog;
  readonly #waiting = new Set<DelayedWrite>();
  #timer: NodeJS.Timeout | undefined;

  /** Those that go to the same log are written together. */
  static of(log: EventLog): DelayedWrites {
    const writes = all.get(log) ?? new DelayedWrites(log);
    all.set(log, writes);
    return writes;
  }

  private constructor(log: EventLog) {
    this.#log = log;
  }

  add(write: DelayedWrite): void {
    this.#waiting.add(write);
    this.#timer ??= setTimeout(() => this.#writeAll(), delayMs).unref();
  }

  /** It was written with something else. */
  delete(write: DelayedWrite): void {
    if (!this.#waiting.delete(write) || this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #writeAll(): void {
    this.#timer = undefined;
    const writes = [...this.#waiting];
    this.#waiting.clear();
    try {
      this.#log.appendAll(writes.map((write) => write.pending()));
    } catch {
      // Nothing of it was written. Each tells by itself what keeps it from being.
      for (const write of writes) write.writeAlone();
      return;
    }
    for (const write of writes) write.recorded();
  }
}
