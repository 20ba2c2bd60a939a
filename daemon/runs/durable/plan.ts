import type { Target } from "../../transport/remote.ts";
import type { Run } from "../../../protocol/run.ts";

/** Where a durable run is and how it is reached again, as it was when it began. */
export interface DurablePlan {
  readonly target: Target;
  readonly agentSocket: string | null;
  readonly connectTimeoutMs: number;
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly recordLimitBytes: number;
  /** Where the host keeps all durable runs of the account, once it has said so. */
  readonly directory: string | null;
  /** False in a copy of another store, which has the run: it is only looked at, and its files stay on the host. */
  readonly isOwn: boolean;
}

/** Of a run that has not begun. */
export const unstarted = { directory: null, isOwn: true } as const;

export interface PlannedRun {
  readonly run: Run;
  readonly plan: DurablePlan;
}

/** Keeps the plans of durable runs, by their ids. Every method has committed when it returns. */
export interface DurablePlans {
  save(id: string, plan: DurablePlan): void;
  /** The run's files are gone from its host, or never were there. */
  forget(id: string): void;
  /**
   * Runs that are under way, and ended ones whose files are still on their hosts; and the ids of those of which that
   * cannot be read any more.
   */
  list(): { readonly planned: readonly PlannedRun[]; readonly unreadable: readonly string[] };
}
