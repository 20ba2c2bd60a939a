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
  .refine(noNul, "must not contain a NUL byte")
  .refine((text) => byteLength(text) <= maxCommandBytes, `must be at most ${maxCommandBytes} bytes`);

const EnvName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,255}$/, "must be a name of letters, digits and _");
const EnvValue = z.string().max(131_072).refine(noNul, "must not contain a NUL byte");
const Variables = z.record(EnvName, EnvValue);
const path = z.string().min(1).max(4096).refine(noNul, "must not contain a NUL byte");
/** The path of a Unix socket, or of a named pipe on Windows, where "pageant" is also accepted. */
export const AgentSocket = path.refine(
  (text) => /^(?:[/\\]|[A-Za-z]:[/\\]|pageant$)/.test(text),
  "must be an absolute path",
);
const span = (max: number) => z.int().min(0).max(max);
const dayMs = 86_400_000;

/** The size of a terminal, in characters. */
export const TerminalSize = z.strictObject({
  cols: z.int().min(1).max(maxTerminalSide),
  rows: z.int().min(1).max(maxTerminalSide),
});
export type TerminalSize = z.infer<typeof TerminalSize>;

/** How a command is run. All durations are in milliseconds, all sizes in bytes. */
export const RunOptions = z.strictObject({
  /** Run with `bash -c`, whatever the login shell is. */
  useBash: z.boolean().default(false),
  /** null: the host's setting applies. */
  loginShell: z.boolean().nullable().default(null),
  cwd: path.nullable().default(null),
  /** The command's environment variables, recorded with the run. */
  env: Variables.default({}),
  /** Environment variables that override `env`; never stored, returned or logged. The run has only their names. */
  secretEnv: Variables.default({}),
  /** Sent as the command's standard input, followed by end of file. */
  stdin: z.string().max(1_048_576).nullable().default(null),
  /** Leave standard input open for `POST /api/runs/{id}/stdin`. */
  stdinOpen: z.boolean().default(false),
  pty: z.boolean().default(false),
  /** Run as root, with sudo. The password that it may ask for is a prompt of the run, and is never stored. */
  sudo: z.boolean().default(false),
  /** The initial size of the terminal that `pty` requests; by default 80 and 24. */
  cols: TerminalSize.shape.cols.optional(),
  rows: TerminalSize.shape.rows.optional(),
  /** 0: no limit. */
  timeoutMs: span(30 * dayMs).optional(),
  connectTimeoutMs: z.int().min(1).max(600_000).optional(),
  /** 0: always run. Otherwise a result with exit status 0 that is at most this old is returned again. */
  cacheTtlMs: span(dayMs).default(0),
  /** renew: run, whatever cached result there is; later requests get this result, or none, instead of an older one. */
  cache: z.enum(["use", "renew"]).default("use"),
  recordLimitBytes: span(1_099_511_627_776).default(67_108_864),
  /** Keeps running on the host when the connection is lost or the daemon ends, and is followed again afterwards. */
  durable: z.boolean().default(false),
  agentSocket: AgentSocket.nullable().default(null),
  /** Whether a person can answer what a login or an unknown host key asks for; with `fail` such a run fails at once. */
  prompts: PromptPolicy.default("fail"),
  /**
   * auto: where the login shell's startup files take long, the command is started by a shell that has already read
   * them.
   */
  worker: HostWorker.default("auto"),
});
export type RunOptions = z.infer<typeof RunOptions>;

/**
 * Nothing holds the other end of a terminal or of an open standard input while the connection is down; nor can the
 * daemon stop a root command, or answer sudo, in a session that another daemon opened.
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

/** The same for `POST /api/ssh/stream`, where the host may also be given as `hostId`. */
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
  /** For a cached run: the age of the result that it returned. */
  resultAgeMs: z.number().nonnegative().optional(),
});
export type Timings = z.infer<typeof Timings>;

export const Run = z
  .object({
    id: z.uuidv7(),
    jobId: z.string().nullable(),
    /** As it was when the run started; the id is null for a host that was only in the SSH config. */
    host: z.object({ id: z.int().nullable(), name: z.string(), address: z.string() }),
    command: z.string(),
    /** The request's options; standard input is reduced to whether there was any, `secretEnv` to its names. */
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
    /** For a cancelled or timed-out run: whether the host confirmed that its processes are gone. */
    stopConfirmed: z.boolean().nullable(),
    /** Exempt from the history's limits. */
    pinned: z.boolean().default(false),
    /** A person's note on it. */
    note: z.string().nullable().default(null),
    timings: Timings,
    /** Members of this record that are unreadable and were replaced by defaults; absent where there are none. */
    damaged: z.array(z.string()).optional(),
  })
  .meta({ id: "Run" });
export type Run = z.infer<typeof Run>;

const OutputChoice = z.enum(["stdout", "stderr", "both"]);
export const DiffQuery = z.strictObject({ with: z.string().max(64), stream: OutputChoice.default("both") });
export const OutputQuery = z.strictObject({ stream: OutputChoice.default("stdout") });
/**
 * The caller's current agent, by default the one that the run used; `secretEnv` again, where the run had any; and
 * whether a person can answer now.
 */
export const RerunRequest = z.strictObject({
  agentSocket: AgentSocket.nullable().optional(),
  prompts: PromptPolicy.default("fail"),
  secretEnv: Variables.default({}),
  /** As for a run; by default the command runs, and its result renews a cached one. */
  cacheTtlMs: RunOptions.shape.cacheTtlMs,
});
export type RerunRequest = z.infer<typeof RerunRequest>;
export type RerunRequestInput = z.input<typeof RerunRequest>;

const maxNoteLength = 500;
/** A line of text; an empty one becomes null. */
const Note = z
  .string()
  .max(maxNoteLength, `must be at most ${maxNoteLength} characters`)
  .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), "must be one line without control characters")
  .transform((text) => (text.trim() === "" ? null : text.trim()));
/** Changes to a run; fields that are absent keep their value. */
export const RunPatch = z.strictObject({ pinned: z.boolean().optional(), note: Note.nullable().optional() });
export type RunPatch = z.infer<typeof RunPatch>;
export const CancelRequest = z.strictObject({ graceMs: span(600_000).default(5000) });

/** A piece of standard input; `end` closes it after the data. */
export const StdinRequest = z
  .strictObject({
    data: z.string().default(""),
    encoding: z.enum(["utf8", "base64"]).default("utf8"),
    end: z.boolean().default(false),
  })
  .refine(({ data, encoding }) => encoding !== "base64" || isBase64(data), {
    path: ["data"],
    message: "must be base64 with its padding (RFC 4648, section 4)",
  });
export type StdinRequest = z.infer<typeof StdinRequest>;

/** Decoders skip what is not base64, so that bytes would be lost silently. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
/** For a raw stdin body: `end=true` closes standard input after it. */
export const StdinQuery = z.strictObject({
  end: z.enum(["true", "false"]).default("false"),
});
