import {
  isFlag,
  isInstant,
  isNullOr,
  isObjectWith,
  isOneOf,
  isMissingOr,
  isSize,
  isText,
  isWhole,
} from "./check.ts";
import type { Check } from "./check.ts";
import { isPrompt } from "./prompt-check.ts";
import type { RunEvent } from "./event.ts";
import { isProblemDetails } from "./problem.ts";

/** An event as the command line reads it from a stream of frames: never `output`, and only the run's id of `init`. */
export type FrameEvent =
  | Exclude<RunEvent, { type: "init" | "output" }>
  | Pick<Extract<RunEvent, { type: "init" }>, "type" | "runId" | "timestamp">;

const isStream = isOneOf("stdout", "stderr");
const isHash = isNullOr((value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value));

/** Matches the schemas of event.ts. */
const membersByType: Readonly<Record<FrameEvent["type"], Readonly<Record<string, Check>>>> = {
  init: {},
  status: {
    state: isOneOf("queued", "connecting", "running", "ended"),
    message: isText,
    reconnecting: isMissingOr(isOneOf(true)),
    cached: isMissingOr(isOneOf(true)),
    banner: isMissingOr(isText),
  },
  error: { problem: isProblemDetails },
  prompt: { prompt: isPrompt },
  promptClosed: { promptId: isText, outcome: isOneOf("answered", "declined", "expired", "withdrawn") },
  gap: { stream: isStream, from: isSize, to: isSize },
  complete: {
    outcome: isOneOf("exited", "signaled", "failed", "timedOut", "cancelled", "unknown"),
    exitCode: isNullOr(isWhole),
    signal: isNullOr(isText),
    stopConfirmed: isNullOr(isFlag),
    durationMs: isSize,
    stdoutBytes: isSize,
    stderrBytes: isSize,
    truncatedBytes: isSize,
    sha256: isObjectWith({ stdout: isHash, stderr: isHash }),
  },
};

const checks = new Map<unknown, Check>(
  Object.entries(membersByType).map(([type, members]) => [
    type,
    isObjectWith({ runId: isText, timestamp: isInstant, ...members }),
  ]),
);

export function isFrameEvent(value: unknown): value is FrameEvent {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  return checks.get(value.type)?.(value) === true;
}

/** Whether frames can carry an event of this type. */
export function isFrameEventType(type: string): boolean {
  return checks.has(type);
}
