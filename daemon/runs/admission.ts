import { Problem } from "../../protocol/problem.ts";

export interface AdmissionLimits {
  /** Runs under way at once. */
  readonly active: number;
  /** Runs that may wait beyond those. */
  readonly queued: number;
}

/** Lets runs in, in the order they came, as many at once as the limits say. */
export class Admission {
  readonly #limits: () => AdmissionLimits;
  readonly #queue = new Set<() => void>();
  #active = 0;

  constructor(limits: () => AdmissionLimits) {
    this.#limits = limits;
  }

  /** `queue_full` when a further run could neither begin nor wait. */
  check(): void {
    const { active, queued } = this.#limits();
    if (this.#active < active || this.#queue.size < queued) return;
    throw new Problem(
      "queue_full",
      `${this.#queue.size} runs are waiting already, as many as maxQueuedRuns allows. Try again when some have ended.`,
      { retryAfterMs: 1000 },
    );
  }

  /**
   * Calls `begin` when it is this run's turn, at once if there is room. The returned function gives the place
   * back, or leaves the queue.
   */
  enter(begin: () => void): () => void {
    let inside = false;
    const start = (): void => {
      inside = true;
      this.#active++;
      begin();
    };
    if (this.#active < this.#limits().active) start();
    else this.#queue.add(start);
    return () => {
      if (this.#queue.delete(start) || !inside) return;
      inside = false;
      this.#active--;
      this.#admitNext();
    };
  }

  #admitNext(): void {
    for (const start of this.#queue) {
      if (this.#active >= this.#limits().active) return;
      this.#queue.delete(start);
      start();
    }
  }
}
