import { Problem } from "../../protocol/problem.ts";

export interface AdmissionLimits {
  /** Runs under way at once. */
  readonly active: number;
  /** Runs that may wait beyond those. */
  readonly queued: number;
}

/**
 * Lets runs in, as many at once as the limits say. Clients take turns, so that nobody is behind thousands of runs of
 * somebody else; the runs of one client are in the order they came.
 */
export class Admission {
  readonly #limits: () => AdmissionLimits;
  /** By client, the one whose turn is next first. None is empty. */
  readonly #queues = new Map<string, Set<() => void>>();
  #queued = 0;
  #active = 0;

  constructor(limits: () => AdmissionLimits) {
    this.#limits = limits;
  }

  /** `queue_full` when a further run could neither begin nor wait. */
  check(): void {
    const { active, queued } = this.#limits();
    if (this.#active < active || this.#queued < queued) return;
    throw new Problem(
      "queue_full",
      `${this.#queued} runs are waiting already, as many as maxQueuedRuns allows. Try again when some have ended.`,
      { retryAfterMs: 1000 },
    );
  }

  /**
   * Calls `begin` when it is this run's turn, at once if there is room. The returned function gives the place
   * back, or leaves the queue.
   */
  enter(client: string, begin: () => void): () => void {
    let inside = false;
    const start = (): void => {
      inside = true;
      this.#active++;
      begin();
    };
    if (this.#active < this.#limits().active) start();
    else this.#enqueue(client, start);
    return () => {
      if (this.#dequeue(client, start) || !inside) return;
      inside = false;
      this.#active--;
      this.#admitNext();
    };
  }

  #enqueue(client: string, start: () => void): void {
    const queue = this.#queues.get(client) ?? new Set();
    queue.add(start);
    this.#queues.set(client, queue);
    this.#queued++;
  }

  /** False where it was not waiting. */
  #dequeue(client: string, start: () => void): boolean {
    const queue = this.#queues.get(client);
    if (queue?.delete(start) !== true) return false;
    if (queue.size === 0) this.#queues.delete(client);
    this.#queued--;
    return true;
  }

  #admitNext(): void {
    while (this.#active < this.#limits().active) {
      const [turn] = this.#queues;
      if (turn === undefined) return;
      const [client, queue] = turn;
      const [start] = queue;
      if (start === undefined) return;
      this.#dequeue(client, start);
      if (this.#queues.delete(client)) this.#queues.set(client, queue);
      start();
    }
  }
}
