import { formatCount } from "../../protocol/count.ts";
import { Problem } from "../../protocol/problem.ts";

export interface AdmissionLimits {
  /** Maximum number of runs under way. */
  readonly active: number;
  /** Maximum number of runs waiting. */
  readonly queued: number;
}

/**
 * Admits runs up to the limits. Clients take turns, so that one client's thousands of runs don't block another's; the
 * runs of one client are admitted in order.
 */
export class Admission {
  readonly #limits: () => AdmissionLimits;
  /** Waiting runs by client, in the order of the clients' turns. No set is empty. */
  readonly #queues = new Map<string, Set<() => void>>();
  #queued = 0;
  #active = 0;

  constructor(limits: () => AdmissionLimits) {
    this.#limits = limits;
  }

  /** Throws `queue_full` when another run could neither begin nor wait. */
  check(): void {
    const { active, queued } = this.#limits();
    if (this.#active < active || this.#queued < queued) return;
    throw new Problem(
      "queue_full",
      `${formatCount(this.#queued, "run is", "runs are")} waiting already, as many as maxQueuedRuns allows. Try again when some have ended.`,
      { retryAfterMs: 1000 },
    );
  }

  /**
   * Calls `begin` when it is this run's turn, immediately if there is room. The returned function releases the place or
   * leaves the queue.
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
      this.admit();
    };
  }

  /** Begins the runs that there is room for; to be called when the limits have changed. */
  admit(): void {
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

  #enqueue(client: string, start: () => void): void {
    const queue = this.#queues.get(client) ?? new Set();
    queue.add(start);
    this.#queues.set(client, queue);
    this.#queued++;
  }

  /** Returns false if it was not waiting. */
  #dequeue(client: string, start: () => void): boolean {
    const queue = this.#queues.get(client);
    if (queue?.delete(start) !== true) return false;
    if (queue.size === 0) this.#queues.delete(client);
    this.#queued--;
    return true;
  }
}
