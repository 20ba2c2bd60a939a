import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { RunStore } from "./record/run-store.ts";

export interface SearchIndexingParts {
  readonly store: Pick<RunStore, "index">;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether a run is under way, which indexing should not delay. */
  readonly busy: () => boolean;
}

export interface SearchIndexing extends Disposable {
  /** To be called when a run has ended; its output becomes searchable soon after. */
  wake(): void;
}

const restMs = 200;
const maxWaitMs = 5000;
const nextStepMs = 10;
const afterFailureMs = 60_000;
/** About 5 ms of work per step, which bounds the delay of a stream. */
const step = { runs: 40, bytes: 64 * 1024 };

/**
 * Indexes ended runs for search, in small steps while no run is under way; if some run always is, with a delay of five
 * seconds. Also indexes what an earlier daemon left.
 */
export function openSearchIndexing({ store, clock, log, busy }: SearchIndexingParts): SearchIndexing {
  let timer: NodeJS.Timeout | undefined;
  let wokenAt = 0;
  let over = false;
  const after = (ms: number): void => {
    timer = setTimeout(work, ms).unref();
  };
  const work = (): void => {
    timer = undefined;
    if (busy() && clock.elapsed() - wokenAt < maxWaitMs) return after(restMs);
    try {
      if (store.index(step.runs, step.bytes)) after(nextStepMs);
    } catch (failure) {
      log.warn("Ended runs cannot be made searchable now; it is tried again in a minute", { failure });
      after(afterFailureMs);
    }
  };
  const wake = (): void => {
    if (over || timer !== undefined) return;
    wokenAt = clock.elapsed();
    after(restMs);
  };
  wake();
  return {
    wake,
    [Symbol.dispose]: () => {
      over = true;
      clearTimeout(timer);
    },
  };
}
