import type { Problem } from "../../protocol/problem.ts";
import type { Outcome } from "../../protocol/run.ts";

/** How a run ended. */
export interface Ending {
  readonly outcome: Outcome;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly problem?: Problem;
  /** Whether the host confirmed that what was asked to end is gone; absent where nothing was asked. */
  readonly stopConfirmed?: boolean;
}
