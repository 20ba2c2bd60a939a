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
  /** Of a durable run whose host cannot be reached now: its command goes on there, unseen. */
  reconnecting: z.literal(true).optional(),
  /** The command is being ended, since it was cancelled or is out of time. */
  stopping: z.literal(true).optional(),
  /** What a server shows to a person before the login, in lines in which everything can be seen. */
  banner: z.string().optional(),
});
export const OutputEvent = z.object({
  type: z.literal("output"),
  ...base,
  stream: OutputStream,
  /** Bytes of this stream before `data`, as recorded. */
  offset: size,
  /** Text, or base64 where `encoding` says so; empty where shell noise was left out (see `filteredBytes`). */
  data: z.string(),
  encoding: z.literal("base64").optional(),
  /** How many recorded bytes this view leaves out here; `?raw=1` shows them. */
  filteredBytes: size.optional(),
});
export const ErrorEvent = z.object({ type: z.literal("error"), ...base, problem: ProblemDetails });
/** The run waits for a person. */
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
  /** Of a cancelled or timed-out run: whether the host confirmed that its processes are gone. */
  stopConfirmed: z.boolean().nullable(),
  durationMs: size,
  stdoutBytes: size,
  stderrBytes: size,
  truncatedBytes: size,
  /** Of every byte received, also of those beyond the record's limit; null where the ending is unknown. */
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
  /** Whether shell noise is there, too; by default in frames, and not as Server-Sent Events. */
  raw: z.enum(["0", "1"]).optional(),
  /**
   * all: every byte that comes, whatever the record's limit, and the host waits for this reader; the default of frames
   * that are read from the start. recorded: what is still recorded, and the host waits for nobody.
   */
  follow: z.enum(["all", "recorded"]).optional(),
  /** Of frames: whether each piece of output comes behind a frame that says where it stands and when it was written. */
  positions: z.enum(["0", "1"]).optional(),
});
export type StreamQuery = z.infer<typeof StreamQuery>;

/** How a run is begun. */
export const StartQuery = z.strictObject({
  ...StreamQuery.shape,
  /** refuse: `confirmation_required` where the host is marked as production, so that a person is asked first. */
  production: z.literal("refuse").optional(),
});
export type StartQuery = z.infer<typeof StartQuery>;

export const EventsQuery = z.strictObject({
  /** As `Last-Event-ID`: the id of the last event that was taken in. */
  after: z.string().max(64).optional(),
  ...StreamQuery.shape,
  /** Of frames: bytes of each stream that were taken in. */
  stdout: QueryInt.optional(),
  stderr: QueryInt.optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;
