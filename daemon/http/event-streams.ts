import type { Log } from "../core/log.ts";
import { StreamMetrics } from "./stream-metrics.ts";

/**
 * What all event streams of the daemon share: the time limit for a stalled reader, and the end when the daemon stops.
 */
export class EventStreams {
  readonly metrics = new StreamMetrics();
  /** A reader that takes nothing for this long is disconnected; it can resume later. */
  readonly maxStallMs: number;
  readonly log: Log;
  readonly #stopping = new AbortController();

  constructor(log: Log, maxStallMs = 300_000) {
    this.log = log;
    this.maxStallMs = maxStallMs;
  }

  /** Aborted when every stream is to end where it is; readers resume with the next daemon. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  stop(): void {
    this.#stopping.abort();
  }
}
