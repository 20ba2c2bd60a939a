import { uuidv7 } from "../../daemon/core/uuid.ts";
import type { Run } from "../../protocol/run.ts";

/** A run that exited with 0, to be put into a store. */
export function endedRun(command: string, host: string, endedAt = "2026-01-01T00:00:01.000Z"): Run {
  return {
    id: uuidv7(),
    jobId: null,
    host: { id: 1, name: host, address: "192.0.2.1" },
    command,
    options: {},
    state: "ended",
    outcome: "exited",
    exitCode: 0,
    signal: null,
    problem: null,
    createdAt: "2026-01-01T00:00:00.000Z",
    startedAt: null,
    endedAt,
    stdoutBytes: 0,
    stderrBytes: 0,
    truncatedBytes: 0,
    cached: false,
    reusedConnection: false,
    stopConfirmed: null,
    pinned: false,
    note: null,
    timings: { queueMs: null, connectMs: null, channelMs: null, firstByteMs: null, totalMs: null },
  };
}

/** A run that waits, as the engine gives it to a record. */
export function queuedRun(command: string, host: string): Run {
  return { ...endedRun(command, host), state: "queued", outcome: null, exitCode: null, endedAt: null };
}
