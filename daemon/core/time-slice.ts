import type { Clock } from "./clock.ts";
import { EventLoopQueue } from "./event-loop-queue.ts";

/** How long one piece of work may block the event loop. */
const sliceMs = 2;

/** Each turn of the event loop runs one slice of all sliced work. */
const eventLoop = new EventLoopQueue();

/** Splits long work into slices: after each short step, `if (slice.spent) await slice.next();`. */
export class TimeSlice {
  readonly #clock: Pick<Clock, "elapsed">;
  #begunAt: number;

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
    this.#begunAt = clock.elapsed();
  }

  get spent(): boolean {
    return this.#clock.elapsed() - this.#begunAt >= sliceMs;
  }

  /** Resolves after other work has had a turn. */
  async next(): Promise<void> {
    await eventLoop.next();
    this.#begunAt = this.#clock.elapsed();
  }
}
