import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../core/log.ts";
import type { Remote, RemoteEnd } from "../../transport/remote.ts";
import { removeCommand } from "./host-script.ts";
import { runInOwnSession } from "./own-session.ts";
import type { DurablePlans, PlannedRun } from "./plan.ts";

const timeoutMs = 10_000;
/** How long a command may take to be gone after its grace time. */
const killTimeoutMs = 5000;
/** For a stop that could not be recorded. */
const usualGraceMs = 5000;
const minuteMs = 60_000;
/** Before each attempt; the last one repeats. A command that was to be ended does not wait for an hour. */
const hurriedPausesMs = [0, 500, 5000, minuteMs, 10 * minuteMs];
const pausesMs = [...hurriedPausesMs, 60 * minuteMs];
const warnAfterAttempt = 3;

export interface RemovalParts {
  readonly plans: DurablePlans;
  readonly log: Log;
  /** Aborted when the daemon stops. */
  readonly stopped: AbortSignal;
}

/**
 * Removes the files of a run whose ending is recorded, unless they belong to another store, and forgets its plan. If the
 * run was stopped and its host has not confirmed that the command ended, the host ends it first.
 * Retries as long as the daemon runs; the next daemon continues, since the plan is kept until then. Never rejects.
 */
export async function removeFiles(
  remote: Remote,
  planned: PlannedRun,
  { plans, log, stopped }: RemovalParts,
): Promise<void> {
  if (!planned.plan.isOwn) {
    forgetPlan(planned.run.id, { plans, log });
    return;
  }
  const pauses = graceOf(planned) === undefined ? pausesMs : hurriedPausesMs;
  for (let attempt = 1; !stopped.aborted; attempt++) {
    let failure: unknown;
    try {
      await delay(pauses[Math.min(attempt, pauses.length) - 1], undefined, { signal: stopped });
      const end = await remove(remote, planned, stopped);
      if (end.kind === "exited" && end.code === 0) {
        plans.forget(planned.run.id);
        return;
      }
      failure = end;
    } catch (reason) {
      failure = reason;
    }
    if (attempt !== warnAfterAttempt || stopped.aborted) continue;
    const { run, plan } = planned;
    log.warn("The files of a durable run are still on its host; it is tried again from time to time", {
      run: run.id,
      host: plan.target.name,
      failure,
    });
  }
}

/**
 * For a run that left nothing on its host. If the plan cannot be forgotten, the next daemon finds the run ended and
 * does so.
 */
export function forgetPlan(id: string, { plans, log }: Pick<RemovalParts, "plans" | "log">): void {
  try {
    plans.forget(id);
  } catch (failure) {
    log.warn("The plan of a durable run is kept: it cannot be forgotten now", { failure });
  }
}

/** How long a command that may be running after a stop is given to end; undefined if there is none. */
function graceOf({ run, plan }: PlannedRun): number | undefined {
  return run.stopConfirmed === false ? (plan.stop?.graceMs ?? usualGraceMs) : undefined;
}

async function remove(remote: Remote, planned: PlannedRun, stopped: AbortSignal): Promise<RemoteEnd> {
  const { run, plan } = planned;
  const graceMs = graceOf(planned);
  const command = removeCommand({ id: run.id, directory: plan.directory }, graceMs);
  const limitMs = timeoutMs + (graceMs === undefined ? 0 : graceMs + killTimeoutMs);
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(limitMs)]);
  return (await runInOwnSession(remote, plan, command, signal)).end;
}
