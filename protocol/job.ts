import * as z from "zod";
import { QueryInt } from "./list.ts";
import { CommandTemplate, refuseBadTemplate } from "./snippet-input.ts";
import { Command, Outcome, OutputQuery, refuseWithDurable, RunOptions, RunState } from "./run.ts";

/** So many per cent of all hosts. */
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
 * Who is meant: a host's name, a pattern (`db*`), a range (`web[01-20]`), `tag:web`, `group:prod`, `all`, an earlier job's
 * `@failed:JOB`, `@succeeded:JOB` or `@unfinished:JOB`; with `!` before it, who is not. The names of tags and groups may
 * hold blanks.
 */
export const TargetExpression = z
  .string()
  .min(1, "must not be empty")
  .max(1024)
  .refine((text) => !/\p{Cc}/u.test(text), "must not hold control characters")
  .refine((text) => !/^!\s/.test(text), { error: "must have no blank behind the !", abort: true })
  .refine(
    (text) => /^!?(?:tag|group):/.test(text) || !/\s/.test(text),
    "must not hold blanks, but in the name of a tag or a group",
  );
export const Targets = z.array(TargetExpression).min(1, "must name at least one host").max(10_000);

const { stdinOpen: _, ...runOptions } = RunOptions.shape;

/** One command on many hosts. */
export const JobRequest = z
  .strictObject({
    targets: Targets,
    command: Command,
    ...runOptions,
    /** Hosts at once. */
    concurrency: z.int().min(1).max(1000).default(64),
    /** No host begins after the first failure. */
    failFast: z.boolean().default(false),
    /** How many hosts one after the other, the last size again and again; a batch begins when the one before is over. */
    batches: z.array(BatchSize).min(1).max(100).nullable().default(null),
    /** More failures than that, and no further host begins. */
    maxFailures: MaxFailures.nullable().default(null),
    /** With `sudo`: its hosts share a password, which is asked for once. Otherwise each host that wants one has it asked for. */
    sameSudoPassword: z.boolean().default(false),
    /** The command has values of the host (`{{host.name}}`) and of inputs: each host runs it with its own, as single words. */
    template: CommandTemplate.nullable().default(null),
    name: z
      .string()
      .min(1)
      .max(255)
      .refine((text) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text), "must not hold control characters")
      .nullable()
      .default(null),
  })
  .superRefine(refuseWithDurable)
  .superRefine(refuseBadTemplate);
export type JobRequest = z.infer<typeof JobRequest>;
export type JobRequestInput = z.input<typeof JobRequest>;

const count = z.int().nonnegative();
/** Hosts; every host of the job is in exactly one of them. */
export const JobCounts = z.object({
  queued: count,
  connecting: count,
  running: count,
  exited0: count,
  /** With another exit status, or by a signal. */
  exitedOther: count,
  failed: count,
  timedOut: count,
  cancelled: count,
  unknown: count,
  /** Never begun, since the job was over before. */
  skipped: count,
});
export type JobCounts = z.infer<typeof JobCounts>;

export const JobOutcome = z.enum(["succeeded", "failed", "cancelled"]);
export type JobOutcome = z.infer<typeof JobOutcome>;

/** failures: more hosts failed than the job allows. daemonStopped: its daemon ended before their turn. */
export const SkipReason = z.enum(["cancelled", "failures", "daemonStopped"]);
export type SkipReason = z.infer<typeof SkipReason>;

const { stdin: _stdin, secretEnv: _secretEnv, agentSocket: _agentSocket, ...keptOptions } = runOptions;

export const Job = z
  .object({
    id: z.uuidv7(),
    name: z.string().nullable(),
    command: z.string(),
    targets: z.array(z.string()),
    /** The names of its hosts, in the order in which they begin. */
    hosts: z.array(z.string()),
    /** The run's options, as a run has them, and the job's own. */
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
    /** Why hosts were skipped; null where none were. */
    skipReason: SkipReason.nullable().default(null),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof Job>;

export const TargetsRequest = z.strictObject({ targets: Targets });
export const ResolvedTargets = z.object({
  /** Each once, in order. */
  hosts: z.array(z.string()),
  /** Those of them that are marked as production. */
  production: z.array(z.string()),
  /** Names, patterns and tags that mean nobody. */
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
  /** failures: those first, then what has not ended. */
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

/** Hosts whose runs ended alike, with byte-identical output; those that never began are one group, at the end. */
export const JobGroup = z.object({
  /** In few words, e.g. `web[01-12,15]`. */
  hosts: z.string(),
  count: z.int().positive(),
  outcome: Outcome.or(z.literal("skipped")),
  exitCode: z.int().nullable(),
  /** Of standard output; null where it is not known, or not compared. */
  sha256: z.string().nullable(),
  /** One of its runs; null where they never began. */
  runId: z.string().nullable(),
});
export type JobGroup = z.infer<typeof JobGroup>;

/** Of hosts that have begun: there is a run to show. */
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
