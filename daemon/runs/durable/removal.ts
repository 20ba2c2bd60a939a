import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../core/log.ts";
import type { Remote, RemoteEnd } from "../../transport/remote.ts";
import { removeCommand } from "./host-script.ts";
import type { DurablePlans, PlannedRun } from "./plan.ts";

const timeoutMs = 10_000;
const minuteMs = 60_000;
/** Before each attempt; the last one repeats. */
const pausesMs = [0, 500, 5000, minuteMs, 10 * minuteMs, 60 * minuteMs];
const warnAfterAttempt = 3;

export interface RemovalParts {
  readonly plans: DurablePlans;
  readonly log: Log;
  /** Aborted when the daemon stops. */
  readonly stopped: AbortSignal;
}

/**
 * Removes the files of a run whose ending is recorded, unless they belong to another store, and forgets its plan.
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
  for (let attempt = 1; !stopped.aborted; attempt++) {
    let failure: unknown;
    try {
      await delay(pausesMs[Math.min(attempt, pausesMs.length) - 1], undefined, { signal: stopped });
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

async function remove(remote: Remote, { run, plan }: PlannedRun, stopped: AbortSignal): Promise<RemoteEnd> {
  const over = Promise.withResolvers<RemoteEnd>();
  const request = {
    command: () => removeCommand({ id: run.id, directory: plan.directory }),
    pty: null,
    connectTimeoutMs: Math.min(plan.connectTimeoutMs, timeoutMs),
    agentSocket: plan.agentSocket,
  };
  const deaf = {
    stdout: () => undefined,
    stderr: () => undefined,
    step: () => undefined,
    banner: () => undefined,
  };
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)]);
  const process = await remote.exec(plan.target, request, { ...deaf, end: over.resolve }, signal);
  process.stdin.end();
  signal.addEventListener("abort", () => process.close(), { once: true });
  return over.promise;
}
