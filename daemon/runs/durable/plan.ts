import type { Target } from "../../transport/remote.ts";
import type { Run } from "../../../protocol/run.ts";
import type { StopRequest } from "../terminate/stop-controller.ts";

/** What the next daemon has to know of a durable run: where it is, how to reach it as of its start, whether to end it. */
export interface DurablePlan {
  readonly target: Target;
  readonly agentSocket: string | null;
  readonly connectTimeoutMs: number;
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly recordLimitBytes: number;
  /** Where the host keeps all durable runs of the account, once it has reported that. */
  readonly directory: string | null;
  /** False in a copy of a store, whose original owns the run: it is only read, and its files stay on the host. */
  readonly isOwn: boolean;
  /** Committed before the host is asked for it. */
  readonly stop: StopRequest | null;
  /** Its files stay on the host once the run is over, since the record has not all of their output. */
  readonly keepsFiles?: boolean | undefined;
}

/** For a run that has not begun. */
export const unstarted = { directory: null, isOwn: true, stop: null } as const;

export interface PlannedRun {
  readonly run: Run;
  readonly plan: DurablePlan;
}

/** What removing a run's files needs to know of it. The run itself may have been deleted. */
export interface PlannedRemoval {
  readonly run: Pick<Run, "id" | "stopConfirmed">;
  readonly plan: DurablePlan;
}

/** Stores the plans of durable runs by run id. Every method has committed when it returns. */
export interface DurablePlans {
  save(id: string, plan: DurablePlan): void;
  /** To be called when the run's files are gone from its host, or never existed. */
  forget(id: string): void;
  /**
   * Runs that are under way, and ended ones whose files are still on their hosts; also the ids of those whose plan can
   * no longer be read.
   */
  list(): { readonly planned: readonly PlannedRun[]; readonly unreadable: readonly string[] };
  /** Runs that were deleted before their hosts could be asked for what was left to do there. */
  listDeleted(): readonly PlannedRemoval[];
}
