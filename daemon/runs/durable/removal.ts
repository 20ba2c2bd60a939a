import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../core/log.ts";
import type { Remote, RemoteEnd } from "../../transport/remote.ts";
import { removeCommand } from "./host-script.ts";
import { runInOwnSession } from "./own-session.ts";
import type { DurablePlans, PlannedRemoval } from "./plan.ts";

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
  /** Resolves when the run's ending is in the store, if it was not when the run ended. */
  readonly persisted?: Promise<void>;
}

/**
 * Removes the files of a run whose ending is recorded, unless they belong to another store, and forgets its plan. If the
 * run was stopped and its host has not confirmed that the command ended, the host ends it first.
 * Retries as long as the daemon runs; the next daemon continues, since the plan is kept until then. Never rejects.
 */
export async function removeFiles(
  remote: Remote,
  planned: PlannedRemoval,
  { plans, log, stopped, persisted }: RemovalParts,
): Promise<void> {
  const isStopped = graceOf(planned) !== undefined;
  if (!planned.plan.isOwn || (planned.plan.keepsFiles === true && !isStopped)) {
    await persisted;
    forgetPlan(planned.run.id, { plans, log });
    return;
  }
  const pauses = isStopped ? hurriedPausesMs : pausesMs;
  for (let attempt = 1; !stopped.aborted; attempt++) {
    let failure: unknown;
    try {
      await delay(pauses[Math.min(attempt, pauses.length) - 1], undefined, { signal: stopped });
      const end = await remove(remote, planned, stopped);
      if (end.kind === "exited" && end.code === 0) {
        await persisted;
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
 * The same for a run whose output is missing from the record: its files stay. The next daemon keeps them as well once
 * the ending is recorded; until then, the plan shows it that the run was sent.
 */
export function keepFiles(
  remote: Remote,
  { run, plan }: PlannedRemoval,
  parts: RemovalParts & { readonly persisted: Promise<void> },
): Promise<void> {
  const kept = { run, plan: { ...plan, keepsFiles: true } };
  if (graceOf(kept) !== undefined) void parts.persisted.then(() => savePlan(kept, parts));
  return removeFiles(remote, kept, parts);
}

function savePlan({ run, plan }: PlannedRemoval, { plans, log }: Pick<RemovalParts, "plans" | "log">): void {
  try {
    plans.save(run.id, plan);
  } catch (failure) {
    log.warn("That the files of a durable run stay on its host could not be recorded", { failure });
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
function graceOf({ run, plan }: PlannedRemoval): number | undefined {
  return run.stopConfirmed === false ? (plan.stop?.graceMs ?? usualGraceMs) : undefined;
}

async function remove(remote: Remote, planned: PlannedRemoval, stopped: AbortSignal): Promise<RemoteEnd> {
  const { run, plan } = planned;
  const graceMs = graceOf(planned);
  const files = plan.keepsFiles === true ? "keep" : "remove";
  const command = removeCommand({ id: run.id, directory: plan.directory }, graceMs, files);
  const limitMs = timeoutMs + (graceMs === undefined ? 0 : graceMs + killTimeoutMs);
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(limitMs)]);
  return (await runInOwnSession(remote, plan, command, signal)).end;
}
