import * as z from "zod";
import { QueryInt } from "./list.ts";
import { CommandTemplate, refuseBadTemplate } from "./snippet-input.ts";
import { Command, Outcome, OutputQuery, refuseWithDurable, RunOptions, RunState } from "./run.ts";

/** A percentage of all hosts. */
const Share = z.string().regex(/^(?:100|[1-9]?\d)%$/, "must be a share such as 10%");
export const BatchSize = z.union(
  [z.int().min(1).max(1_000_000), Share.refine((share) => share !== "0%", "must be more than 0%")],
  "must be a number of hosts from 1 or a share such as 10%",
);
export type BatchSize = z.infer<typeof BatchSize>;
export const MaxFailures = z.union(
  [z.int().min(0).max(1_000_000), Share],
  "must be a number of hosts or a share such as 10%",
);
export type MaxFailures = z.infer<typeof MaxFailures>;

/**
 * Selects hosts: a host's name, a pattern (`db*`), a range (`web[01-20]`), `tag:web`, `group:prod`, `all`, an earlier
 * job's `@failed:JOB`, `@succeeded:JOB` or `@unfinished:JOB`; a `!` before it excludes them. The names of tags and
 * groups may contain spaces.
 */
export const TargetExpression = z
  .string()
  .min(1, "must not be empty")
  .max(1024)
  .refine((text) => !/\p{Cc}/u.test(text), "must not contain control characters")
  .refine((text) => !/^!\s/.test(text), { error: "must have no blank behind the !", abort: true })
  .refine(
    (text) => /^!?(?:tag|group):/.test(text) || !/\s/.test(text),
    "must not contain blanks, but in the name of a tag or a group",
  );
export const Targets = z.array(TargetExpression).min(1, "must name at least one host").max(10_000);

const { stdinOpen: _, ...runOptions } = RunOptions.shape;

/** One command on many hosts. */
export const JobRequest = z
  .strictObject({
    targets: Targets,
    command: Command,
    ...runOptions,
    /** The number of hosts at once. */
    concurrency: z.int().min(1).max(1000).default(64),
    /** No further host starts after the first failure. */
    failFast: z.boolean().default(false),
    /** The sizes of successive batches, the last one repeated; each batch starts when the one before has ended. */
    batches: z.array(BatchSize).min(1).max(100).nullable().default(null),
    /** No further host starts after more failures than this. */
    maxFailures: MaxFailures.nullable().default(null),
    /**
     * With `sudo`: its hosts share a password, which is asked for once. Otherwise it is asked for once for each host
     * that needs one.
     */
    sameSudoPassword: z.boolean().default(false),
    /**
     * The command contains values of the host (`{{host.name}}`) and of inputs: each host runs it with its own values,
     * as single words.
     */
    template: CommandTemplate.nullable().default(null),
    name: z
      .string()
      .min(1)
      .max(255)
      .refine((text) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text), "must not contain control characters")
      .nullable()
      .default(null),
  })
  .superRefine(refuseWithDurable)
  .superRefine(refuseBadTemplate);
export type JobRequest = z.infer<typeof JobRequest>;
export type JobRequestInput = z.input<typeof JobRequest>;

const count = z.int().nonnegative();
/** Numbers of hosts; every host of the job is counted exactly once. */
export const JobCounts = z.object({
  queued: count,
  connecting: count,
  running: count,
  exited0: count,
  /** With a non-zero exit status, or by a signal. */
  exitedOther: count,
  failed: count,
  timedOut: count,
  cancelled: count,
  unknown: count,
  /** Never started, since the job ended before. */
  skipped: count,
});
export type JobCounts = z.infer<typeof JobCounts>;

export const JobOutcome = z.enum(["succeeded", "failed", "cancelled"]);
export type JobOutcome = z.infer<typeof JobOutcome>;

/**
 * failures: more hosts failed than the job allows. daemonStopped: the daemon stopped before they started. storageFull: their
 * runs could not be recorded.
 */
export const SkipReason = z.enum(["cancelled", "failures", "daemonStopped", "storageFull"]);
export type SkipReason = z.infer<typeof SkipReason>;

const { stdin: _stdin, secretEnv: _secretEnv, agentSocket: _agentSocket, ...keptOptions } = runOptions;

export const Job = z
  .object({
    id: z.uuidv7(),
    name: z.string().nullable(),
    command: z.string(),
    targets: z.array(z.string()),
    /** The names of its hosts, in the order in which they start. */
    hosts: z.array(z.string()),
    /** The same options as a run's, and the job's own. */
    options: z
      .object({ ...keptOptions, secretEnvNames: z.array(z.string()) })
      .partial()
      .extend({
        concurrency: z.int(),
        failFast: z.boolean(),
        batches: z.array(BatchSize).nullable(),
        maxFailures: MaxFailures.nullable(),
        sameSudoPassword: z.boolean().optional(),
        template: CommandTemplate.nullable().optional(),
      }),
    state: z.enum(["running", "ended"]),
    outcome: JobOutcome.nullable(),
    counts: JobCounts,
    /** Why hosts were skipped; null where none was. */
    skipReason: SkipReason.nullable().default(null),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof Job>;

export const TargetsRequest = z.strictObject({ targets: Targets });
export const ResolvedTargets = z.object({
  /** Without duplicates, in order. */
  hosts: z.array(z.string()),
  /** Those that are marked as production. */
  production: z.array(z.string()),
  /** Names, patterns and tags that match no host. */
  unknown: z.array(z.string()),
});
export type ResolvedTargets = z.infer<typeof ResolvedTargets>;

const page = {
  limit: QueryInt.pipe(z.int().min(1).max(1000)).optional(),
  cursor: z.string().max(64).optional(),
};
export const JobQuery = z.strictObject(page);
export type JobQuery = z.infer<typeof JobQuery>;

export const JobRunSort = z.enum(["created", "host", "exitCode", "duration", "failures"]);
export type JobRunSort = z.infer<typeof JobRunSort>;
export const JobRunQuery = z.strictObject({
  state: RunState.optional(),
  outcome: Outcome.optional(),
  exitCode: QueryInt.pipe(z.int().max(255)).optional(),
  /** failures: failed runs first, then those that have not ended. */
  sort: JobRunSort.default("created"),
  ...page,
});
export type JobRunQuery = z.infer<typeof JobRunQuery>;

export const JobEventsQuery = z.strictObject({
  after: z.string().max(64).optional(),
  raw: z.enum(["0", "1"]).optional(),
  /** 0: without output. */
  output: z.enum(["0", "1"]).default("1"),
});
export type JobEventsQuery = z.infer<typeof JobEventsQuery>;

export const GroupBy = z.enum(["stdout", "both", "exit"]);
export type GroupBy = z.infer<typeof GroupBy>;
export const JobGroupQuery = z.strictObject({ by: GroupBy.default("stdout") });

/** Hosts whose runs ended alike, with byte-identical output; those that never started form one group, at the end. */
export const JobGroup = z.object({
  /** Abbreviated, e.g. `web[01-12,15]`. */
  hosts: z.string(),
  count: z.int().positive(),
  outcome: Outcome.or(z.literal("skipped")),
  exitCode: z.int().nullable(),
  /** The digest of standard output; null where it is not known, or not compared. */
  sha256: z.string().nullable(),
  /** One of its runs; null where they never started. */
  runId: z.string().nullable(),
});
export type JobGroup = z.infer<typeof JobGroup>;

/** Whether the group's hosts have started, so that it has a run to show. */
export function hasRun<Group extends JobGroup>(group: Group): group is Group & { readonly runId: string } {
  return group.runId !== null;
}

/** Two runs of the job. */
export const JobDiffQuery = z.strictObject({
  a: z.string().max(64),
  b: z.string().max(64),
  stream: OutputQuery.shape.stream.default("both"),
});
export type JobDiffQuery = z.infer<typeof JobDiffQuery>;

export const JobRerunRequest = z.strictObject({
  only: z.enum(["failed", "unfinished", "all"]).default("failed"),
  secretEnv: RunOptions.shape.secretEnv,
  agentSocket: RunOptions.shape.agentSocket,
  prompts: RunOptions.shape.prompts,
});
export type JobRerunRequest = z.infer<typeof JobRerunRequest>;
