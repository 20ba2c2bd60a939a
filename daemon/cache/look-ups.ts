import { resultPrefix } from "../core/cache-keys.ts";

export interface LookUpCounts {
  /** Look-ups of results that may be returned again. */
  readonly hits: number;
  readonly misses: number;
  /** Look-ups of a run's process information, which every reader requests. */
  readonly processHits: number;
  readonly processMisses: number;
}

/** Counts hits and misses by kind of key. */
export class LookUps {
  #counts = { hits: 0, misses: 0, processHits: 0, processMisses: 0 };

  count(key: string, found: boolean): void {
    if (key.startsWith(resultPrefix)) this.#counts[found ? "hits" : "misses"] += 1;
    else this.#counts[found ? "processHits" : "processMisses"] += 1;
  }

  report(): LookUpCounts {
    return { ...this.#counts };
  }
}
