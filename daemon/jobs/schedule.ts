import type { BatchSize, MaxFailures } from "../../protocol/job.ts";

export interface ScheduleOptions {
  readonly hosts: number;
  /** Hosts under way at once. */
  readonly concurrency: number;
  /** Sizes of successive batches; the last one is repeated. null: all hosts in one batch. */
  readonly batches: readonly BatchSize[] | null;
  /** With more failures than this, over all batches, no further host begins. null: unlimited. */
  readonly maxFailures: MaxFailures | null;
  /** No host begins after the first failure. */
  readonly failFast: boolean;
}

/** Decides when each of a job's hosts begins: by index, in order. */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #sizes: readonly number[];
  readonly #allowed: number;
  #next = 0;
  #running = 0;
  #failed = 0;
  /** The index of the host with which the next batch begins. */
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

  /** The hosts to begin now, by index. */
  begin(): number[] {
    const begun: number[] = [];
    while (!this.#isHeld() && this.#running < this.#options.concurrency && this.#next < this.#options.hosts) {
      if (this.#next >= this.#batchEnd) {
        // The next batch begins when the previous one is over.
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

  /** `begun` hosts have begun, of which `running` have not ended; no further one will begin. */
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

  /** Whether nothing is running and nothing will begin. */
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

/** A percentage is of all hosts, rounded down. */
function countOf(size: number | string, hosts: number): number {
  return typeof size === "number" ? size : Math.floor((hosts * Number(size.slice(0, -1))) / 100);
}
