import type { Remote, RemoteProcess } from "../../transport/remote.ts";
import { endGroupCommand, type GroupEnd, parseGroupEnd } from "../terminate/group-end.ts";
import type { DurableEffect } from "./durable-state.ts";
import { maxConnectMs, runInOwnSession } from "./own-session.ts";
import type { DurablePlan } from "./plan.ts";

/** How long the host may take to report the end of a group, beyond the grace time. */
const answerTimeoutMs = 5000;

interface FollowedRun {
  readonly id: string;
  readonly plan: DurablePlan;
  readonly remote: Remote;
  /** The session that follows the run. */
  readonly process: RemoteProcess;
  /** Aborted when the run is over. */
  readonly signal: AbortSignal;
}

/**
 * Ends a durable run's processes, on the connection that follows it. A server that allows one session (MaxSessions 1)
 * is asked on another. undefined: the host did not answer.
 */
export async function endDurableGroup(
  { group, graceMs, directory, way }: Omit<DurableEffect<"endGroup">, "type">,
  { id, plan, remote, process, signal }: FollowedRun,
): Promise<GroupEnd | undefined> {
  const command = endGroupCommand(group, graceMs, { directory: `${directory}/${id}`, way });
  const limitMs = graceMs + answerTimeoutMs;
  const answer = await process.execHelper(command, limitMs);
  if (answer !== undefined) return parseGroupEnd(answer.output);
  if (!process.isOpen || signal.aborted) return undefined;
  const late = AbortSignal.any([signal, AbortSignal.timeout(maxConnectMs + limitMs)]);
  const result = await runInOwnSession(remote, plan, command, late).catch(() => undefined);
  return result?.end.kind === "exited" ? parseGroupEnd(result.output) : undefined;
}
