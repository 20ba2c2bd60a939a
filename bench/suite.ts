import type { Bed } from "./bed.ts";
import type { Goal } from "./table.ts";

export interface SuiteOptions {
  readonly rounds: number | undefined;
  /** No round starts after this, by `performance.now()`. */
  readonly until: number;
  /** Only checks that the suite works; its figures mean nothing. */
  readonly short: boolean;
}

/** Measures, prints the results, and resolves to those that belong to goals. */
export type Suite = (bed: Bed, options: SuiteOptions, signal: AbortSignal) => Promise<readonly Goal[]>;
