import { Problem } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { DurablePlans } from "./durable/plan.ts";
import { completeFields, endedAs } from "./record/ending.ts";
import type { RunStore } from "./record/run-store.ts";
import { type ControlFields, controlContent, type StoredEvent } from "./record/stored-event.ts";

export interface RecoveryParts {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Ends every run that a killed daemon left open, with the present time as the latest possible end. Their output is kept
 * and their outcome is `unknown`. Runs that will be looked for on their hosts stay open. Returns the number of runs
 * ended.
 */
export function closeOpenRuns(parts: RecoveryParts, durable: ReturnType<DurablePlans["list"]>): number {
  const planned = new Set(durable.planned.map(({ run }) => run.id));
  // A run with only its state damaged may have ended.
  const open = parts.store.listOpen().filter(({ id, state }) => !planned.has(id) && state !== "ended");
  for (const run of open) close(parts, run, durable.unreadable.includes(run.id));
  return open.length;
}

/** `planLost`: a durable run whose plan can no longer be read. Every other durable run that was sent has a plan. */
function close({ store, clock, log }: RecoveryParts, run: Run, planLost: boolean): void {
  const at = clock.now();
  const neverSent = run.options.durable === true && !planLost;
  const problem = new Problem("daemon_stopped", whyEnded(run, { neverSent, planLost }), {
    host: run.host.name,
    retryable: neverSent,
  });
  const [stdout, stderr] = [store.events.output(run.id, "stdout"), store.events.output(run.id, "stderr")];
  const ended = {
    ...endedAs(run, { outcome: neverSent ? "failed" : "unknown", problem }, at),
    stdoutBytes: stdout.end,
    stderrBytes: stderr.end,
    truncatedBytes: stdout.end + stderr.end - stdout.size - stderr.size,
    timings: { ...run.timings, totalMs: Math.max(0, Date.parse(at) - Date.parse(run.createdAt)) },
  };
  let seq = store.events.lastSeq(run.id);
  const event = (fields: ControlFields): StoredEvent => ({ seq: ++seq, at, ...controlContent(fields) });
  const events = [
    event({ type: "error", problem: problem.toJSON() }),
    event(completeFields(ended, undefined)),
  ];
  try {
    store.events.append(run.id, events, ended);
  } catch (failure) {
    if (failure instanceof Problem) throw failure;
    // A record too damaged to be appended to must not keep the daemon from starting.
    log.error("How an open run ended cannot be added to its record", { run: run.id, failure });
    store.events.append(run.id, [], ended);
  }
}

function whyEnded(
  { id, host }: Run,
  { neverSent, planLost }: Record<"neverSent" | "planLost", boolean>,
): string {
  if (planLost) {
    return (
      "The stored data that is needed to find this durable run again is damaged. " +
      `It may still be running on ${host.name}, in a directory named ${id}.`
    );
  }
  return neverSent
    ? `The Hostrun daemon ended before this was sent to ${host.name}. It has not run there; run it again.`
    : `The Hostrun daemon ended while this ran on ${host.name}. How the command ended is unknown.`;
}
