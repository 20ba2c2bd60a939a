import { setImmediate as nextTurn } from "node:timers/promises";
import { Problem } from "../../../protocol/problem.ts";
import type { Log } from "../../core/log.ts";
import type { RunStore } from "../record/run-store.ts";
import type { StopController } from "./stop-controller.ts";

/** Endings per commit; clients are served between commits. */
const maxAtOnce = 200;

interface Abandoned {
  readonly stops: Pick<StopController, "abandon">;
}

/** Abandons all runs, possibly thousands, when the daemon stops. */
export async function abandonAll(
  executions: Iterable<Abandoned>,
  { store, log }: { readonly store: RunStore; readonly log: Log },
): Promise<void> {
  const detail =
    "The Hostrun daemon was stopped while the run was under way. How the command ended is unknown.";
  const problem = new Problem("daemon_stopped", detail, { retryable: false });
  const left = [...executions];
  while (left.length > 0) {
    const some = left.splice(0, maxAtOnce);
    const abandon = (): void => some.forEach(({ stops }) => stops.abandon(problem));
    try {
      store.endInOneCommit(abandon);
    } catch (failure) {
      log.error("The ends of runs could not be recorded", { failure });
      // Again, for those that were not reached.
      abandon();
    }
    await nextTurn();
  }
}
