import type { EventLoopQueue } from "../../core/event-loop-queue.ts";
import type { Log } from "../../core/log.ts";
import type { Questioner } from "../../transport/questioner.ts";
import type { DurablePlans } from "./plan.ts";

export interface DurableParts {
  readonly plans: DurablePlans;
  readonly log: Log;
  /** Whoever takes up what an earlier daemon recorded waits for its turn here. */
  readonly eventLoop: EventLoopQueue;
  /** Aborted when the daemon stops. */
  readonly stopped: AbortSignal;
}

export interface DurableExecutionParts extends DurableParts {
  /** Who answers what only a person can. */
  readonly questioner: Questioner | undefined;
}
