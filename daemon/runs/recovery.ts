import { Problem } from "../../protocol/problem.ts";
import type { Clock } from "../core/clock.ts";
import type { RunStore, StoredEvent } from "./run-store.ts";

/**
 * Ends every run that a daemon left open when it was killed: its bytes are kept, its ending is `unknown`.
 * Returns how many there were.
 */
export function closeOpenRuns(store: RunStore, clock: Clock): number {
  const open = store.listOpen();
  for (const { number, run } of open) {
    const at = clock.now();
    const detail = `The Hostrun daemon ended while this ran on ${run.host.name}; how the command ended is not known.`;
    const problem = new Problem("daemon_stopped", detail, { host: run.host.name }).toJSON();
    const [stdout, stderr] = [store.output(number, "stdout"), store.output(number, "stderr")];
    const { end: stdoutBytes } = stdout;
    const { end: stderrBytes } = stderr;
    const truncatedBytes = stdoutBytes + stderrBytes - stdout.size - stderr.size;
    const ending = { outcome: "unknown", exitCode: null, signal: null } as const;
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
