import type { EventLoopQueue } from "../../core/event-loop-queue.ts";
import type { Log } from "../../core/log.ts";
import type { Questioner } from "../../transport/questioner.ts";
import type { DurablePlans } from "./plan.ts";

export interface DurableParts {
  readonly plans: DurablePlans;
  readonly log: Log;
  /** Executions that replay what an earlier daemon recorded take turns here. */
  readonly eventLoop: EventLoopQueue;
  /** Aborted when the daemon stops. */
  readonly stopped: AbortSignal;
}

export interface DurableExecutionParts extends DurableParts {
  /** Asks a person for what only a person can answer. */
  readonly questioner: Questioner | undefined;
}
