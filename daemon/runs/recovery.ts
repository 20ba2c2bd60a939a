import { Problem } from "../../protocol/problem.ts";
import type { Clock } from "../core/clock.ts";
import type { RunStore, StoredEvent } from "./run-store.ts";

/**
 * Ends every run that a daemon left open when it was killed: its bytes are kept, its ending is `unknown`. Those that
 * are found again on their hosts (`kept`, by number) are left open. Returns how many were ended.
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
    const problem = new Problem("daemon_stopped", detail, { host: run.host.name }).toJSON();
    const [stdout, stderr] = [store.output(number, "stdout"), store.output(number, "stderr")];
    const { end: stdoutBytes } = stdout;
    const { end: stderrBytes } = stderr;
    const truncatedBytes = stdoutBytes + stderrBytes - stdout.size - stderr.size;
    const outcome = neverSent ? "failed" : "unknown";
    const ending = { outcome, exitCode: null, signal: null } as const;
    const sizes = { stdoutBytes, stderrBytes, truncatedBytes };
    const complete = {
      ...ending,
      stopConfirmed: null,
      durationMs: 0,
      ...sizes,
      sha256: { stdout: null, stderr: null },
    };
    let seq = store.lastSeq(number);
    const event = (type: string, fields: object): StoredEvent => ({
      seq: ++seq,
      at,
      stream: null,
      start: null,
      noise: false,
      body: Buffer.from(JSON.stringify({ type, runId: run.id, timestamp: at, ...fields })),
    });
    const events = [event("error", { problem }), event("complete", complete)];
    store.append(number, events, { ...run, ...ending, ...sizes, state: "ended", endedAt: at, problem });
  }
  return open.length;
}
