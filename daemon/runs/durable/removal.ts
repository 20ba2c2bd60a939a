import type { Log } from "../../core/log.ts";
import type { Remote, RemoteEnd } from "../remote.ts";
import { removeCommand } from "./host-script.ts";
import type { DurablePlans, PlannedRun } from "./plan.ts";

const withinMs = 10_000;

/**
 * Removes the files of a run that is over and taken in. Where the host cannot be reached the plan is kept, for the
 * next daemon to try again; what stays on the host all the same goes with a later durable run there.
 */
export async function removeFiles(
  remote: Remote,
  { number, run, plan }: PlannedRun,
  { plans, log }: { readonly plans: DurablePlans; readonly log: Log },
): Promise<void> {
  const over = Promise.withResolvers<RemoteEnd>();
  const request = {
    command: () => removeCommand(run.id),
    pty: false,
    connectTimeoutMs: Math.min(plan.connectTimeoutMs, withinMs),
    agentSocket: plan.agentSocket,
  };
  const deaf = { stdout: () => undefined, stderr: () => undefined, step: () => undefined };
  const signal = AbortSignal.timeout(withinMs);
  try {
    const process = await remote.exec(plan.target, request, { ...deaf, end: over.resolve }, signal);
    process.stdin.end();
    signal.addEventListener("abort", () => process.close(), { once: true });
    const end = await over.promise;
    if (end.kind === "exited" && end.code === 0) plans.forget(number);
  } catch (failure) {
    log.warn("The files of a durable run could not be removed", {
      run: run.id,
      host: plan.target.name,
      failure,
    });
  }
}
