import * as z from "zod";
import { JobCounts, JobOutcome, JobGroup } from "./job.ts";
import { PanelLabels } from "./panel.ts";
import { Outcome, RunState } from "./run.ts";

/**
 * The messages between the extension and the webview of a job. The daemon holds all of its state: `ready` has it sent
 * again.
 */
export const JobRow = z.object({
  host: z.string(),
  production: z.boolean(),
  /** null: it has not started. */
  runId: z.string().nullable(),
  state: RunState,
  outcome: Outcome.or(z.literal("skipped")).nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** The time since it began to connect, or its total duration. */
  elapsedMs: z.number().nonnegative().nullable(),
  problem: z.string().nullable(),
});
export type JobRow = z.infer<typeof JobRow>;

/** The last line written by a run, as text without control sequences. */
export const LastLine = z.object({ host: z.string(), text: z.string() });
export type LastLine = z.infer<typeof LastLine>;

/** Hosts with the same output, and the beginning of it. */
export const PanelGroup = JobGroup.extend({ preview: z.string(), isCut: z.boolean() });
export type PanelGroup = z.infer<typeof PanelGroup>;

export const JobStanding = z.object({
  state: z.enum(["running", "ended"]),
  outcome: JobOutcome.nullable(),
  counts: JobCounts,
  elapsedMs: z.number().nonnegative(),
});
export type JobStanding = z.infer<typeof JobStanding>;

export const ToJobPanel = z.discriminatedUnion("type", [
  /** Clear, and show this job. */
  z.object({
    type: z.literal("job"),
    jobId: z.string(),
    command: z.string(),
    /** The requested targets, e.g. `tag:web`. */
    targets: z.string(),
    rows: z.array(JobRow),
    standing: JobStanding,
    /** The number of hosts at once; null where it runs in batches. */
    concurrency: z.int().positive().nullable(),
    words: PanelLabels,
  }),
  /** The changes of the last 100 ms. */
  z.object({ type: z.literal("rows"), rows: z.array(JobRow), standing: JobStanding }),
  z.object({ type: z.literal("lastLines"), lines: z.array(LastLine) }),
  z.object({ type: z.literal("groups"), groups: z.array(PanelGroup) }),
  z.object({ type: z.literal("notice"), text: z.string() }),
]);
export type ToJobPanel = z.infer<typeof ToJobPanel>;

export const FromJobPanel = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  /** The hosts whose rows are visible: only their last lines are needed. */
  z.object({ type: z.literal("visible"), hosts: z.array(z.string()).max(500) }),
  z.object({ type: z.literal("open"), runId: z.string().max(64) }),
  z.object({ type: z.literal("cancelAll") }),
  z.object({ type: z.literal("cancel"), runId: z.string().max(64) }),
  z.object({ type: z.literal("rerun"), only: z.enum(["failed", "unfinished", "all"]) }),
  /** Compare the outputs of two runs. */
  z.object({ type: z.literal("compare"), a: z.string().max(64), b: z.string().max(64) }),
  /** The same with another run, which the person is asked for. */
  z.object({ type: z.literal("compareOther"), runId: z.string().max(64) }),
  z.object({ type: z.literal("export") }),
  z.object({ type: z.literal("copied"), text: z.string().max(4 * 1024 * 1024) }),
]);
export type FromJobPanel = z.infer<typeof FromJobPanel>;

/** State kept with `setState`, so that the webview finds its job again after a window reload. */
export const JobPanelState = z.object({ jobId: z.string() });
export type JobPanelState = z.infer<typeof JobPanelState>;
