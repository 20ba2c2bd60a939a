import type { BatchSize, MaxFailures } from "../../protocol/job.ts";

export interface ScheduleOptions {
  readonly hosts: number;
  /** Hosts at once. */
  readonly concurrency: number;
  /** How many hosts one after the other; the last one is repeated. null: all at once. */
  readonly batches: readonly BatchSize[] | null;
  /** More failures than that, over all batches, and no further host begins. null: however many. */
  readonly maxFailures: MaxFailures | null;
  /** No host begins after the first failure. */
  readonly failFast: boolean;
}

/** Which of a job's hosts begins when: by its number, in order. */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #sizes: readonly number[];
  readonly #allowed: number;
  #next = 0;
  #running = 0;
  #failed = 0;
  /** The number of the host with which the next batch begins. */
  #batchEnd = 0;
  #batch = 0;
  #stopped = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    const { hosts, batches, maxFailures, failFast } = options;
    this.#sizes = (batches ?? [hosts]).map((size) => Math.max(1, countOf(size, hosts)));
    const allowed = maxFailures === null ? hosts : countOf(maxFailures, hosts);
    this.#allowed = failFast ? 0 : allowed;
  }

  /** The hosts that begin now. */
  begin(): number[] {
    const begun: number[] = [];
    while (!this.#isHeld() && this.#running < this.#options.concurrency && this.#next < this.#options.hosts) {
      if (this.#next >= this.#batchEnd) {
        // The next batch begins when all of the one before is over.
        if (this.#running > 0) break;
        this.#batchEnd = this.#next + (this.#sizes[this.#batch] ?? this.#sizes.at(-1) ?? 1);
        this.#batch += 1;
      }
      begun.push(this.#next);
      this.#next += 1;
      this.#running += 1;
    }
    return begun;
  }

  /** So many hosts have begun, of which some have not ended; no further one will. */
  takeOver(begun: number, running: number): void {
    this.#next = begun;
    this.#running = running;
    this.stop();
  }

  ended(succeeded: boolean): void {
    this.#running -= 1;
    if (!succeeded) this.#failed += 1;
  }

  /** No further host begins. */
  stop(): void {
    this.#stopped = true;
  }

  /** Whether nothing runs, and nothing will. */
  get over(): boolean {
    return this.#running === 0 && this.isExhausted;
  }

  /** Whether no further host will begin. */
  get isExhausted(): boolean {
    return this.#isHeld() || this.#next >= this.#options.hosts;
  }

  #isHeld(): boolean {
    return this.#stopped || this.#failed > this.#allowed;
  }
}

/** A share is of all hosts, rounded down. */
function countOf(size: number | string, hosts: number): number {
  return typeof size === "number" ? size : Math.floor((hosts * Number(size.slice(0, -1))) / 100);
}
