import type { Run, RunRequest } from "../../protocol/run.ts";
import { uuidv7 } from "../core/uuid.ts";

/** A run in its initial state. Of its standard input, only its presence is recorded. */
export function newRun(
  request: RunRequest,
  { host, jobId }: { readonly host: Run["host"]; readonly jobId: string | undefined },
  cached: boolean,
  createdAt: string,
): Run {
  const { host: _, command, stdin, secretEnv, ...options } = request;
  const secretEnvNames = Object.keys(secretEnv);
  return {
    id: uuidv7(),
    jobId: jobId ?? null,
    host,
    command,
    options: {
      ...options,
      ...(stdin === null ? {} : { stdinGiven: true }),
      ...(secretEnvNames.length === 0 ? {} : { secretEnvNames }),
    },
    state: "queued",
    outcome: null,
    exitCode: null,
    signal: null,
    problem: null,
    createdAt,
    startedAt: null,
    endedAt: null,
    stdoutBytes: 0,
    stderrBytes: 0,
    truncatedBytes: 0,
    cached,
    reusedConnection: false,
    stopConfirmed: null,
    pinned: false,
    note: null,
    timings: { queueMs: null, connectMs: null, channelMs: null, firstByteMs: null, totalMs: null },
  };
}
