import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../core/log.ts";
import type { Remote, RemoteEnd } from "../remote.ts";
import { removeCommand } from "./host-script.ts";
import type { DurablePlans, PlannedRun } from "./plan.ts";

const withinMs = 10_000;
const pausesMs = [0, 500, 5000];

/**
 * Removes the files of a run that is over and taken in. Where that fails the plan is kept, for the next daemon to
 * try again; what stays on the host all the same goes with a later durable run there.
 */
export async function removeFiles(
  remote: Remote,
  planned: PlannedRun,
  { plans, log }: { readonly plans: DurablePlans; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown;
  for (const pause of pausesMs) {
    try {
      await delay(pause, undefined, { signal });
      const end = await remove(remote, planned);
      failure = end;
      if (end.kind !== "exited" || end.code !== 0) continue;
      plans.forget(planned.number);
      return;
    } catch (reason) {
      if (signal.aborted) return;
      failure = reason;
    }
  }
  const { run, plan } = planned;
  log.warn("The files of a durable run are left on its host", {
    run: run.id,
    host: plan.target.name,
    failure,
  });
}

async function remove(remote: Remote, { run, plan }: PlannedRun): Promise<RemoteEnd> {
  const over = Promise.withResolvers<RemoteEnd>();
  const request = {
    command: () => removeCommand(run.id),
    pty: false,
    connectTimeoutMs: Math.min(plan.connectTimeoutMs, withinMs),
    agentSocket: plan.agentSocket,
  };
  const deaf = { stdout: () => undefined, stderr: () => undefined, step: () => undefined };
  const signal = AbortSignal.timeout(withinMs);
  const process = await remote.exec(plan.target, request, { ...deaf, end: over.resolve }, signal);
  process.stdin.end();
  signal.addEventListener("abort", () => process.close(), { once: true });
  return over.promise;
}
