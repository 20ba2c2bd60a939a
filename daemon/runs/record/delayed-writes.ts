import type { EventLog, EventWrite } from "./event-log.ts";
import type { EventContent } from "./stored-event.ts";

/** What a run has to write, but not immediately. */
export interface DelayedWrite {
  pending(): EventWrite;
  /** To be called when it is in the store. */
  recorded(): void;
  /** Writes it separately with these events, whether or not that succeeds. */
  write(events: readonly EventContent[], withRun: boolean): void;
}

/** How long a write of low importance waits for the next one. */
const delayMs = 100;

const all = new WeakMap<EventLog, DelayedWrites>();

/** Delayed writes of many runs: those that no other write has included after a moment are one commit. */
export class DelayedWrites {
  readonly #log: EventLog;
  readonly #waiting = new Set<DelayedWrite>();
  #timer: NodeJS.Timeout | undefined;

  /** Runs with the same log are written together. */
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

  /** To be called when it was written together with something else. */
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
      // Nothing was written. Each run reports separately what prevents it.
      for (const write of writes) write.write([], false);
      return;
    }
    for (const write of writes) write.recorded();
  }
}
