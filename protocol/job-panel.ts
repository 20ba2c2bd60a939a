import * as z from "zod";
import { JobCounts, JobOutcome, JobGroup } from "./job.ts";
import { PanelLabels } from "./panel.ts";
import { Outcome, RunState } from "./run.ts";

/** The messages between the extension and the webview of a job. The daemon has everything: `ready` has it sent again. */
export const JobRow = z.object({
  host: z.string(),
  production: z.boolean(),
  /** null: it has not begun. */
  runId: z.string().nullable(),
  state: RunState,
  outcome: Outcome.or(z.literal("skipped")).nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  /** Since it began to connect, or as long as it took. */
  elapsedMs: z.number().nonnegative().nullable(),
  problem: z.string().nullable(),
});
export type JobRow = z.infer<typeof JobRow>;

/** The last line that a run has written, as text without control sequences. */
export const LastLine = z.object({ host: z.string(), text: z.string() });
export type LastLine = z.infer<typeof LastLine>;

/** Hosts with the same output, and how that begins. */
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
  /** Begin anew with this job. */
  z.object({
    type: z.literal("job"),
    jobId: z.string(),
    command: z.string(),
    /** What was asked for, e.g. `tag:web`. */
    targets: z.string(),
    rows: z.array(JobRow),
    standing: JobStanding,
    /** Hosts at once; null where batches wait for one another. */
    concurrency: z.int().positive().nullable(),
    words: PanelLabels,
  }),
  /** What has changed in a tenth of a second. */
  z.object({ type: z.literal("rows"), rows: z.array(JobRow), standing: JobStanding }),
  z.object({ type: z.literal("lastLines"), lines: z.array(LastLine) }),
  z.object({ type: z.literal("groups"), groups: z.array(PanelGroup) }),
  z.object({ type: z.literal("notice"), text: z.string() }),
]);
export type ToJobPanel = z.infer<typeof ToJobPanel>;

export const FromJobPanel = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  /** The hosts whose rows can be seen: only their last lines are wanted. */
  z.object({ type: z.literal("visible"), hosts: z.array(z.string()).max(500) }),
  z.object({ type: z.literal("open"), runId: z.string().max(64) }),
  z.object({ type: z.literal("cancelAll") }),
  z.object({ type: z.literal("cancel"), runId: z.string().max(64) }),
  z.object({ type: z.literal("rerun"), only: z.enum(["failed", "unfinished", "all"]) }),
  /** How the output of one run differs from another's. */
  z.object({ type: z.literal("compare"), a: z.string().max(64), b: z.string().max(64) }),
  /** The same with another one that the person is asked for. */
  z.object({ type: z.literal("compareOther"), runId: z.string().max(64) }),
  z.object({ type: z.literal("export") }),
  z.object({ type: z.literal("copied"), text: z.string().max(4 * 1024 * 1024) }),
]);
export type FromJobPanel = z.infer<typeof FromJobPanel>;

/** What a webview keeps by `setState`, so that a window reload finds its job again. */
export const JobPanelState = z.object({ jobId: z.string() });
export type JobPanelState = z.infer<typeof JobPanelState>;
