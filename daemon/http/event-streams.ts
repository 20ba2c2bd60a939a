import type { Log } from "../core/log.ts";
import { StreamMetrics } from "./stream-metrics.ts";

/** One reader's stream. */
interface OpenStream {
  /** Ends it where it is. */
  stop(): void;
}

/**
 * What all event streams of the daemon share: the time limit for a stalled reader, and the end when the daemon stops.
 */
export class EventStreams {
  readonly metrics = new StreamMetrics();
  /** A reader that takes nothing for this long is disconnected; it can resume later. */
  readonly maxStallMs: number;
  readonly log: Log;
  readonly #open = new Set<OpenStream>();
  #isStopping = false;

  constructor(log: Log, maxStallMs = 300_000) {
    this.log = log;
    this.maxStallMs = maxStallMs;
  }

  /** Whether every stream is to end where it is; readers resume with the next daemon. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** `isResumed`: the reader has had a part of it before. */
  opened(stream: OpenStream, isResumed: boolean): void {
    this.#open.add(stream);
    this.metrics.begin(isResumed);
  }

  closed(stream: OpenStream): void {
    this.#open.delete(stream);
    this.metrics.end();
  }

  stop(): void {
    this.#isStopping = true;
    for (const stream of this.#open) stream.stop();
  }
}
