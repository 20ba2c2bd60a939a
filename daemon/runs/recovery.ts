import { Problem } from "../../protocol/problem.ts";
import type { Clock } from "../core/clock.ts";
import { completeFields, endedAs, type EventFields } from "./ending.ts";
import type { RunStore, StoredEvent } from "./run-store.ts";

/**
 * Ends every run that a daemon left open when it was killed, now, which is as long as it can have run: its bytes are
 * kept, its ending is `unknown`. Those that are found again on their hosts (`kept`, by number) are left open. Returns how
 * many were ended.
 */
export function closeOpenRuns(store: RunStore, clock: Clock, kept: ReadonlySet<number>): number {
  const open = store.listOpen().filter(({ number }) => !kept.has(number));
  for (const { number, run } of open) {
    const at = clock.now();
    // Of a durable run that was sent there is a plan, and it is kept.
    const neverSent = run.options.durable === true;
    const detail = neverSent
      ? `The Hostrun daemon ended before this was sent to ${run.host.name}. It has not run there; run it again.`
      : `The Hostrun daemon ended while this ran on ${run.host.name}; how the command ended is not known.`;
    const problem = new Problem("daemon_stopped", detail, { host: run.host.name });
    const [stdout, stderr] = [store.output(number, "stdout"), store.output(number, "stderr")];
    const ended = {
      ...endedAs(run, { outcome: neverSent ? "failed" : "unknown", problem }, at),
      stdoutBytes: stdout.end,
      stderrBytes: stderr.end,
      truncatedBytes: stdout.end + stderr.end - stdout.size - stderr.size,
      timings: { ...run.timings, totalMs: Math.max(0, Date.parse(at) - Date.parse(run.createdAt)) },
    };
    let seq = store.lastSeq(number);
    const event = ({ type, ...fields }: EventFields): StoredEvent => ({
      seq: ++seq,
      at,
      stream: null,
      start: null,
      noise: false,
      body: Buffer.from(JSON.stringify({ type, runId: run.id, timestamp: at, ...fields })),
    });
    const events = [
      event({ type: "error", problem: ended.problem }),
      event(completeFields(ended, undefined)),
    ];
    store.append(number, events, ended);
  }
  return open.length;
}
