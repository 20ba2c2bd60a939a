import type { Bed } from "./bed.ts";
import type { Goal } from "./table.ts";

export interface SuiteOptions {
  readonly rounds: number | undefined;
  /** No round begins after this, by `performance.now()`. */
  readonly until: number;
  /** As small as still shows that the suite works; its figures mean nothing. */
  readonly short: boolean;
}

/** Measures, prints what it has measured, and gives what that is of the goals. */
export type Suite = (bed: Bed, options: SuiteOptions, signal: AbortSignal) => Promise<readonly Goal[]>;
