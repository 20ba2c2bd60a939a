import type { Clock } from "./clock.ts";
import { EventLoopQueue } from "./event-loop-queue.ts";

/** So long one piece of work may keep the event loop from all others. */
const sliceMs = 2;

/** Of all that is done in slices one slice goes into a turn of the event loop. */
const eventLoop = new EventLoopQueue();

/** Long work in slices: after each short step of it, `if (slice.spent) await slice.next();`. */
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

  /** Resolves when everybody else has had a turn. */
  async next(): Promise<void> {
    await eventLoop.next();
    this.#begunAt = this.#clock.elapsed();
  }
}
