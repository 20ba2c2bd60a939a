import type { Log } from "../core/log.ts";
import { StreamMetrics } from "./stream-metrics.ts";

/** What every event stream of the daemon shares: how long it waits for its reader, and its end when the daemon stops. */
export class EventStreams {
  readonly metrics = new StreamMetrics();
  /** A reader that takes nothing for so long is disconnected; it can go on where it was. */
  readonly maxStallMs: number;
  readonly log: Log;
  readonly #stopping = new AbortController();

  constructor(log: Log, maxStallMs = 300_000) {
    this.log = log;
    this.maxStallMs = maxStallMs;
  }

  /** Aborted when every stream is to end where it is: a reader goes on there with the next daemon. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  stop(): void {
    this.#stopping.abort();
  }
}
