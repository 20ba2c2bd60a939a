import type { OutputStream } from "../../../protocol/event.ts";
import { Problem } from "../../../protocol/problem.ts";
import type { Outcome, Run } from "../../../protocol/run.ts";
import type { ControlFields } from "./stored-event.ts";

/** How a run ended. */
export interface Ending {
  readonly outcome: Outcome;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly problem?: Problem;
  /** Whether the host confirmed that the processes are gone; absent if none were to be ended. */
  readonly stopConfirmed?: boolean;
  /** The host's hashes of the complete streams, used if the hashes are not known here. */
  readonly sha256?: Hashes | undefined;
}

type Hashes = Readonly<Record<OutputStream, string>>;

/** The run after this ending; its sizes are unchanged. */
export function endedAs(run: Run, ending: Ending, endedAt: string): Run {
  return {
    ...run,
    state: "ended",
    outcome: ending.outcome,
    exitCode: ending.exitCode ?? null,
    signal: ending.signal ?? null,
    problem: ending.problem?.toJSON() ?? null,
    stopConfirmed: ending.stopConfirmed ?? null,
    endedAt,
  };
}

/** The `complete` event of an ended run; `sha256` if the streams' hashes are known. */
export function completeFields(run: Run, sha256: Hashes | undefined): ControlFields {
  const unknown = { stdout: null, stderr: null };
  return {
    type: "complete",
    outcome: run.outcome ?? "unknown",
    exitCode: run.exitCode,
    signal: run.signal,
    stopConfirmed: run.stopConfirmed,
    durationMs: Math.round(run.timings.totalMs ?? 0),
    stdoutBytes: run.stdoutBytes,
    stderrBytes: run.stderrBytes,
    truncatedBytes: run.truncatedBytes,
    sha256: run.outcome === "unknown" ? unknown : (sha256 ?? unknown),
  };
}

/**
 * The ending shown when the store cannot record the real one, which a later daemon would not know: `unknown`. A failed
 * run stays `failed`.
 */
export function unrecorded({ host }: Pick<Run, "host">, ending: Ending): Ending {
  if (ending.outcome === "failed" || ending.outcome === "unknown") return ending;
  const { stopConfirmed } = ending;
  const what =
    stopConfirmed === false
      ? `The run on ${host.name} ended`
      : `${host.name} reported that the command ended`;
  const detail =
    `${what} (${howEnded(ending)}), but the history could not record that, since its disk is full or ` +
    "failing: it has the end of the run as unknown. Make room on the disk, or forget runs (`hostrun history forget`).";
  const problem = new Problem("storage_full", detail, { host: host.name });
  return { outcome: "unknown", problem, ...(stopConfirmed !== undefined && { stopConfirmed }) };
}

/**
 * Whether an ending is shown as it is, given why the store did not take it. A damaged store is quarantined at the next
 * start, so no later daemon finds a different ending there.
 */
export function isShownAfter(failure: unknown): boolean {
  return failure === undefined || (failure instanceof Problem && failure.members.reason === "damaged");
}

function howEnded({ outcome, exitCode, signal }: Ending): string {
  if (exitCode !== undefined) return `exit ${exitCode}`;
  if (signal !== undefined) return `signal ${signal}`;
  return outcome === "timedOut" ? "out of time" : "cancelled";
}
