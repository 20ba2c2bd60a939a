import * as z from "zod";
import { Destination, HostWorker } from "./host.ts";
import { ProblemDetails } from "./problem-details.ts";
import { PromptPolicy } from "./prompt.ts";
import { maxTerminalSide } from "./terminal-size.ts";

const byteLength = (text: string): number => new TextEncoder().encode(text).length;
const noNul = (text: string): boolean => !text.includes("\0");

export const maxCommandBytes = 65_536;

export const Command = z
  .string()
  .min(1, "must not be empty")
  .refine(noNul, "must not hold a NUL byte")
  .refine((text) => byteLength(text) <= maxCommandBytes, `must be at most ${maxCommandBytes} bytes`);

const EnvName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, "must be a name of letters, digits and _");
const EnvValue = z.string().max(131_072).refine(noNul, "must not hold a NUL byte");
const Variables = z.record(EnvName, EnvValue);
const path = z.string().min(1).max(4096).refine(noNul, "must not hold a NUL byte");
/** Of a Unix socket, or of a pipe on Windows, where "pageant" is meant, too. */
export const AgentSocket = path.refine(
  (text) => /^(?:[/\\]|[A-Za-z]:[/\\]|pageant$)/.test(text),
  "must be an absolute path",
);
const span = (max: number) => z.int().min(0).max(max);
const dayMs = 86_400_000;

/** Of a terminal, in characters. */
export const TerminalSize = z.strictObject({
  cols: z.int().min(1).max(maxTerminalSide),
  rows: z.int().min(1).max(maxTerminalSide),
});
export type TerminalSize = z.infer<typeof TerminalSize>;

/** How a command is run. Every span is in milliseconds, every size in bytes. */
export const RunOptions = z.strictObject({
  /** Run by `bash -c`, whatever the login shell is. */
  useBash: z.boolean().default(false),
  /** null: as the host says. */
  loginShell: z.boolean().nullable().default(null),
  cwd: path.nullable().default(null),
  /** Variables of the command, recorded with the run. */
  env: Variables.default({}),
  /** The same, and go before those; neither stored, answered nor logged. The run has their names. */
  secretEnv: Variables.default({}),
  /** Sent as the command's standard input, followed by its end. */
  stdin: z.string().max(1_048_576).nullable().default(null),
  /** Leave standard input open for `POST /api/runs/{id}/stdin`. */
  stdinOpen: z.boolean().default(false),
  pty: z.boolean().default(false),
  /** As root, by sudo. The password that it may ask for is a prompt of the run, and part of nothing that is kept. */
  sudo: z.boolean().default(false),
  /** The size of the terminal that `pty` gives when the command starts; by default 80 and 24. */
  cols: TerminalSize.shape.cols.optional(),
  rows: TerminalSize.shape.rows.optional(),
  /** 0: no limit. */
  timeoutMs: span(30 * dayMs).optional(),
  connectTimeoutMs: z.int().min(1).max(600_000).optional(),
  /** 0: always run. Otherwise a result with exit status 0 that is at most this old is answered again. */
  cacheTtlMs: span(dayMs).default(0),
  recordLimitBytes: span(1_099_511_627_776).default(67_108_864),
  /** Keeps running on the host when the link drops or the daemon ends, and is followed again afterwards. */
  durable: z.boolean().default(false),
  agentSocket: AgentSocket.nullable().default(null),
  /** Whether somebody answers what a login or an unknown host key asks for; with `fail` such a run fails at once. */
  prompts: PromptPolicy.default("fail"),
  /** auto: where start files of the login shell take long, a shell that has read them once begins the command. */
  worker: HostWorker.default("auto"),
});
export type RunOptions = z.infer<typeof RunOptions>;

/**
 * Nobody holds the other end of a terminal or of an open standard input while the link is down; nor could the daemon end a
 * command of root's, or answer sudo, by a session that another one began.
 */
export function refuseWithDurable(
  body: Pick<RunOptions, "durable" | "pty" | "sudo"> & Partial<Pick<RunOptions, "stdinOpen">>,
  issues: z.RefinementCtx,
): void {
  for (const option of ["pty", "stdinOpen", "sudo"] as const) {
    if (body.durable && body[option] === true) {
      issues.addIssue({ code: "custom", path: [option], message: "cannot be combined with durable" });
    }
  }
}

const HostRef = z.union([Destination, z.int().positive()], "must be a host's name or id");

/** One command on one host, by name or by id. */
export const RunRequest = z
  .strictObject({ host: HostRef, command: Command, ...RunOptions.shape })
  .superRefine(refuseWithDurable);
export type RunRequest = z.infer<typeof RunRequest>;
export type RunRequestInput = z.input<typeof RunRequest>;

/** The same for `POST /api/ssh/stream`, where the host may also be called `hostId`. */
export const StreamRequest = z
  .strictObject({
    host: HostRef.optional(),
    hostId: HostRef.optional(),
    command: Command,
    ...RunOptions.shape,
  })
  .superRefine(refuseWithDurable)
  .refine((body) => (body.host === undefined) !== (body.hostId === undefined), {
    path: ["host"],
    message: "name the host by either host or hostId",
  });
export type StreamRequest = z.infer<typeof StreamRequest>;

export const RunState = z.enum(["queued", "connecting", "running", "ended"]);
export type RunState = z.infer<typeof RunState>;
export const Outcome = z.enum(["exited", "signaled", "failed", "timedOut", "cancelled", "unknown"]);
export type Outcome = z.infer<typeof Outcome>;

const ms = z.number().nonnegative().nullable();
export const Timings = z.object({
  queueMs: ms,
  connectMs: ms,
  channelMs: ms,
  firstByteMs: ms,
  totalMs: ms,
  /** Of a cached run: how old the result was that it was answered with. */
  resultAgeMs: z.number().nonnegative().optional(),
});
export type Timings = z.infer<typeof Timings>;

export const Run = z
  .object({
    id: z.uuidv7(),
    jobId: z.string().nullable(),
    /** As it was when the run began; the id is null for a host that stood only in the SSH config. */
    host: z.object({ id: z.int().nullable(), name: z.string(), address: z.string() }),
    command: z.string(),
    /** The request's options; of standard input it is only kept that there was some, of `secretEnv` the names. */
    options: RunOptions.omit({ stdin: true, secretEnv: true })
      .extend({
        stdinGiven: z.boolean(),
        secretEnvNames: z.array(EnvName),
        agentSocket: path.nullable(),
      })
      .partial()
      .strip(),
    state: RunState,
    outcome: Outcome.nullable(),
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    problem: ProblemDetails.nullable(),
    createdAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    stdoutBytes: z.int().nonnegative(),
    stderrBytes: z.int().nonnegative(),
    truncatedBytes: z.int().nonnegative(),
    cached: z.boolean(),
    reusedConnection: z.boolean(),
    /** Of a cancelled or timed-out run: whether the host confirmed that its processes are gone. */
    stopConfirmed: z.boolean().nullable(),
    /** The history never forgets it by itself. */
    pinned: z.boolean().default(false),
    /** What a person noted about it. */
    note: z.string().nullable().default(null),
    timings: Timings,
    /** Members of this record that cannot be read any more, and hold defaults; only there where there are some. */
    damaged: z.array(z.string()).optional(),
  })
  .meta({ id: "Run" });
export type Run = z.infer<typeof Run>;

const OutputChoice = z.enum(["stdout", "stderr", "both"]);
export const DiffQuery = z.strictObject({ with: z.string().max(64), stream: OutputChoice.default("both") });
export const OutputQuery = z.strictObject({ stream: OutputChoice.default("stdout") });
/**
 * The caller's agent of today, by default the one that the run had; `secretEnv` again, where the run had some; and
 * whether somebody is there now.
 */
export const RerunRequest = z.strictObject({
  agentSocket: AgentSocket.nullable().optional(),
  prompts: PromptPolicy.default("fail"),
  secretEnv: Variables.default({}),
  /** As of a run; by default the command runs, however the run before got its result. */
  cacheTtlMs: RunOptions.shape.cacheTtlMs,
});
export type RerunRequest = z.infer<typeof RerunRequest>;
export type RerunRequestInput = z.input<typeof RerunRequest>;

const maxNoteLength = 500;
/** A line of text; an empty one is none. */
const Note = z
  .string()
  .max(maxNoteLength, `must be at most ${maxNoteLength} characters`)
  .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), "must be one line without control characters")
  .transform((text) => (text.trim() === "" ? null : text.trim()));
/** What is said of a run; what is not given stays as it is. */
export const RunPatch = z.strictObject({ pinned: z.boolean().optional(), note: Note.nullable().optional() });
export type RunPatch = z.infer<typeof RunPatch>;
export const CancelRequest = z.strictObject({ graceMs: span(600_000).default(5000) });

/** A piece of standard input; `end` closes it after the data. */
export const StdinRequest = z.strictObject({
  data: z.string().default(""),
  encoding: z.enum(["utf8", "base64"]).default("utf8"),
  end: z.boolean().default(false),
});
export type StdinRequest = z.infer<typeof StdinRequest>;
/** How a raw stdin body is taken: `end=true` closes standard input after it. */
export const StdinQuery = z.strictObject({
  end: z.enum(["true", "false"]).default("false"),
});
