import type { Run } from "../../../protocol/run.ts";
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { RunStore } from "./run-store.ts";

export interface EventWriterParts {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** The run whose events are written. */
export interface RunRecord {
  readonly run: () => Run;
  /** The last number already recorded. */
  readonly lastSeq: number;
  readonly recordLimitBytes: number;
}
