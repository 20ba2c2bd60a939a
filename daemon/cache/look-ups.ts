import { resultPrefix } from "../core/cache-keys.ts";

export interface LookUpCounts {
  /** Of results that may be answered again. */
  readonly hits: number;
  readonly misses: number;
  /** Of what is known of a run's process, which every reader asks for. */
  readonly processHits: number;
  readonly processMisses: number;
}

/** Counts what was found and what was not, by what was looked for. */
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
