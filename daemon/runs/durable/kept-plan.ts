import type { Log } from "../../core/log.ts";
import { isInHome } from "./host-directory.ts";
import type { DurablePlan, DurablePlans } from "./plan.ts";

export interface KeptPlanParts {
  readonly plans: DurablePlans;
  readonly log: Log;
}

/** The plan of one run, as it is recorded. */
export class KeptPlan {
  readonly #id: string;
  readonly #parts: KeptPlanParts;
  #plan: DurablePlan;

  constructor(id: string, plan: DurablePlan, parts: KeptPlanParts) {
    this.#id = id;
    this.#plan = plan;
    this.#parts = parts;
  }

  get plan(): DurablePlan {
    return this.#plan;
  }

  /** Commits it. `storage_full` when there is no room. */
  save(): void {
    this.#parts.plans.save(this.#id, this.#plan);
  }

  /**
   * The host said where it keeps the run: later sessions and daemons look there only. Without a record of it, where it
   * cannot be written, they look in every place. What a person is told of it, the first time.
   */
  learn(directory: string | undefined): string | undefined {
    if (directory === undefined || this.#plan.directory !== null) return undefined;
    this.#plan = { ...this.#plan, directory };
    try {
      this.save();
    } catch (failure) {
      this.#parts.log.warn("Where a durable run is kept could not be recorded", { failure });
    }
    if (!isInHome(directory)) return undefined;
    return `${this.#plan.target.name} keeps this run in ${directory}: hostrun-UID below /var/tmp is not a private directory of this account`;
  }
}
