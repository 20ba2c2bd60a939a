import * as z from "zod";
import { Problem } from "../../protocol/problem.ts";
import { ProblemCode, ProblemMembers } from "../../protocol/problem-details.ts";
import { Run, Timings } from "../../protocol/run.ts";

const ms = z.number().nonnegative().nullable().default(null);

/** A problem as stored: its code may be known only to another version of Hostrun. */
const StoredProblem = z.object({
  type: z.string().default("about:blank"),
  title: z.string().default("Hostrun failed"),
  status: z.int().default(500),
  code: ProblemCode.catch("internal"),
  detail: z.string().default(""),
  retryable: z.boolean().default(false),
  ...ProblemMembers.shape,
});

/** A run as stored: unknown members from other versions of Hostrun are ignored, and missing ones have defaults. */
export const StoredRun = Run.omit({ damaged: true }).extend({
  options: z.object(Run.shape.options.shape),
  problem: StoredProblem.nullable(),
  timings: Timings.extend({ queueMs: ms, connectMs: ms, channelMs: ms, firstByteMs: ms, totalMs: ms }),
});

/**
 * Values for members that cannot be read; `ended`: the run has an end. Without its id, a run cannot be shown at all.
 */
export function runFallbacks(id: string, ended: boolean): Readonly<Record<string, unknown>> {
  const created = createdAt(id);
  return {
    jobId: null,
    options: {},
    state: ended ? "ended" : "running",
    outcome: ended ? "unknown" : null,
    exitCode: null,
    signal: null,
    problem: new Problem("internal", "The stored problem of this run is damaged.").toJSON(),
    createdAt: created,
    startedAt: null,
    endedAt: created,
    stdoutBytes: 0,
    stderrBytes: 0,
    truncatedBytes: 0,
    timings: {},
    note: null,
  };
}

/** A UUIDv7 begins with its time in milliseconds (RFC 9562, section 5.7). */
export function createdAt(id: string): string {
  const time = Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  return new Date(Number.isNaN(time) || time > 8.64e15 ? 0 : time).toISOString();
}
