import * as z from "zod";
import { QueryInt } from "./list.ts";
import { ProblemDetails } from "./problem-details.ts";
import { Prompt, PromptOutcome } from "./prompt.ts";
import { Outcome, Run, RunState } from "./run.ts";

const base = { runId: z.string(), timestamp: z.iso.datetime() };
const size = z.int().nonnegative();

export const OutputStream = z.enum(["stdout", "stderr"]);
export type OutputStream = z.infer<typeof OutputStream>;

export const InitEvent = z.object({ type: z.literal("init"), ...base, run: Run });
export const StatusEvent = z.object({
  type: z.literal("status"),
  ...base,
  state: RunState,
  message: z.string(),
  /** Set on a durable run whose host cannot be reached now: its command continues there, unobserved. */
  reconnecting: z.literal(true).optional(),
  /** The command is being stopped, since it was cancelled or timed out. */
  stopping: z.literal(true).optional(),
  /** The output that follows is that of an earlier run, from the cache. */
  cached: z.literal(true).optional(),
  /** The banner that a server sends before the login, as visible lines. */
  banner: z.string().optional(),
});
export const OutputEvent = z.object({
  type: z.literal("output"),
  ...base,
  stream: OutputStream,
  /** The number of recorded bytes of this stream before `data`. */
  offset: size,
  /** Text, or base64 where `encoding` is set; empty where shell noise was left out (see `filteredBytes`). */
  data: z.string(),
  encoding: z.literal("base64").optional(),
  /** The number of recorded bytes that this view leaves out here; `?raw=1` includes them. */
  filteredBytes: size.optional(),
});
export const ErrorEvent = z.object({ type: z.literal("error"), ...base, problem: ProblemDetails });
/** The run waits for a person's answer. */
export const PromptEvent = z.object({ type: z.literal("prompt"), ...base, prompt: Prompt });
export const PromptClosedEvent = z.object({
  type: z.literal("promptClosed"),
  ...base,
  promptId: z.string(),
  outcome: PromptOutcome,
});
export const GapEvent = z.object({
  type: z.literal("gap"),
  ...base,
  stream: OutputStream,
  from: size,
  to: size,
});
export type GapEvent = z.infer<typeof GapEvent>;
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const CompleteEvent = z.object({
  type: z.literal("complete"),
  ...base,
  outcome: Outcome,
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** For a cancelled or timed-out run: whether the host confirmed that its processes are gone. */
  stopConfirmed: z.boolean().nullable(),
  durationMs: size,
  stdoutBytes: size,
  stderrBytes: size,
  truncatedBytes: size,
  /** Digests of every byte received, including those beyond the record's limit; null where the outcome is unknown. */
  sha256: z.object({ stdout: Sha256.nullable(), stderr: Sha256.nullable() }),
});
export type CompleteEvent = z.infer<typeof CompleteEvent>;

/** One event of a run. `complete` comes exactly once and last. */
export const RunEvent = z.discriminatedUnion("type", [
  InitEvent,
  StatusEvent,
  OutputEvent,
  ErrorEvent,
  GapEvent,
  PromptEvent,
  PromptClosedEvent,
  CompleteEvent,
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** How a run's stream is read. */
export const StreamQuery = z.strictObject({
  /** Whether shell noise is included; by default it is in frames, and not in Server-Sent Events. */
  raw: z.enum(["0", "1"]).optional(),
  /**
   * all: every byte received, whatever the record's limit, and the host waits for this reader; the default for frames
   * that are read from the start. recorded: what is still recorded, and the host waits for no reader.
   */
  follow: z.enum(["all", "recorded"]).optional(),
  /**
   * For frames: whether each piece of output is preceded by a frame with its offset and the time at which it was
   * written.
   */
  positions: z.enum(["0", "1"]).optional(),
});
export type StreamQuery = z.infer<typeof StreamQuery>;

/** How a run is started. */
export const StartQuery = z.strictObject({
  ...StreamQuery.shape,
  /**
   * refuse: fails with `confirmation_required` where the host is marked as production, so that a person is asked
   * first.
   */
  production: z.literal("refuse").optional(),
});
export type StartQuery = z.infer<typeof StartQuery>;

export const EventsQuery = z.strictObject({
  /** Like `Last-Event-ID`: the id of the last event that was processed. */
  after: z.string().max(64).optional(),
  ...StreamQuery.shape,
  /** For frames: the number of bytes of each stream that were processed. */
  stdout: QueryInt.optional(),
  stderr: QueryInt.optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;
