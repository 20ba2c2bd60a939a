import type { JobRequestInput } from "../../protocol/job.ts";
import type { Remember } from "../../protocol/prompt.ts";
import type { RunRequestInput } from "../../protocol/run.ts";
import { targetsBetweenCommas } from "../../protocol/host-set.ts";
import { shareOf } from "../../protocol/share.ts";
import { agentSocketOf } from "../agent-socket.ts";
import { tokensOf } from "../arguments.ts";
import { parseOptions, parseSize, parseSpan, parseWhole, takeWords, UsageError } from "../command.ts";
import { parseEnvironment, parseSecrets, secretOptions } from "./environment.ts";
import {
  type JobShow,
  parseShow,
  parseView,
  resultOptions,
  type ViewOptions,
  viewOptions,
} from "./show-options.ts";

/** The parsed command line of `hostrun run`. */
export interface RunPlan {
  readonly request: RunRequestInput;
  /** The targets; `request.host` is the first of them. */
  readonly targets: readonly string[];
  /** How it runs on many hosts. */
  readonly job: Pick<
    JobRequestInput,
    "concurrency" | "failFast" | "batches" | "maxFailures" | "sameSudoPassword" | "template"
  >;
  readonly show: JobShow;
  /** The file for the names of the hosts on which it did not end with exit status 0. */
  readonly failedTo: string | undefined;
  readonly view: ViewOptions;
  /** The snippet whose command is run, with values of its inputs. */
  readonly snippet: { readonly name: string; readonly values: Readonly<Record<string, string>> } | undefined;
  /** Whether standard input may be read. */
  readonly readStdin: boolean;
  /** Whether a person may be asked. */
  readonly ask: boolean;
  /** How long passwords typed here are kept. */
  readonly remember: Remember;
  /** Whether it may run on a production host without confirmation. */
  readonly yes: boolean;
}

const options = {
  ...viewOptions,
  bash: { type: "boolean" },
  "login-shell": { type: "boolean" },
  cwd: { type: "string" },
  env: { type: "string", multiple: true },
  ...secretOptions,
  timeout: { type: "string" },
  "connect-timeout": { type: "string" },
  "cache-ttl": { type: "string" },
  "no-cache": { type: "boolean" },
  "record-limit": { type: "string" },
  pty: { type: "boolean" },
  sudo: { type: "boolean" },
  "same-sudo-password": { type: "boolean" },
  remember: { type: "boolean" },
  snippet: { type: "string" },
  set: { type: "string", multiple: true },
  durable: { type: "boolean" },
  "no-stdin": { type: "boolean", short: "n" },
  "no-worker": { type: "boolean" },
  batch: { type: "boolean" },
  yes: { type: "boolean", short: "y" },
  forks: { type: "string", short: "f" },
  "fail-fast": { type: "boolean" },
  batches: { type: "string" },
  "max-failures": { type: "string" },
  ...resultOptions,
} as const;

/** For the fields of a run and of a job. */
export const optionNames = {
  cwd: "--cwd",
  env: "--env",
  secretEnv: "--secret-env",
  timeoutMs: "--timeout",
  connectTimeoutMs: "--connect-timeout",
  cacheTtlMs: "--cache-ttl",
  recordLimitBytes: "--record-limit",
  sudo: "--sudo",
  concurrency: "--forks",
  batches: "--batches",
  maxFailures: "--max-failures",
  host: "HOST",
  targets: "TARGET",
  command: "COMMAND",
};

export function parseRunPlan(args: readonly string[], env: NodeJS.ProcessEnv): RunPlan {
  const { values, host, targets, command } = parseTarget(args);
  const span = (name: "timeout" | "connect-timeout" | "cache-ttl"): number | undefined => {
    const text = values[name];
    return text === undefined ? undefined : parseSpan(text, `--${name}`);
  };
  const limit = values["record-limit"];
  const timeoutMs = span("timeout");
  const connectTimeoutMs = span("connect-timeout");
  return {
    request: {
      host,
      command,
      useBash: values.bash === true,
      ...(values["login-shell"] === true ? { loginShell: true } : {}),
      cwd: values.cwd ?? null,
      env: parseEnvironment(values.env ?? [], env),
      secretEnv: parseSecrets(values["secret-env"] ?? [], env),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
      cacheTtlMs: span("cache-ttl") ?? 0,
      ...(values["no-cache"] === true ? { cache: "renew" } : {}),
      pty: values.pty === true,
      sudo: [values.sudo, values["same-sudo-password"]].includes(true),
      durable: values.durable === true,
      worker: values["no-worker"] === true ? "off" : "auto",
      ...(limit === undefined ? {} : { recordLimitBytes: parseSize(limit, "--record-limit") }),
      agentSocket: agentSocketOf(env),
    },
    targets,
    job: parseJob(values),
    show: parseShow(values),
    failedTo: values["failed-to"],
    view: parseView(values),
    snippet: parseSnippet(values),
    readStdin: ![values["no-stdin"], values.durable].includes(true),
    ask: values.batch !== true,
    remember: values.remember === true ? "session" : "no",
    yes: values.yes === true,
  };
}

/**
 * The options end at the host, as with ssh and docker; if `--` follows, they may also come after the host. The words
 * of the command are joined by spaces, as ssh does.
 */
function parseTarget(args: readonly string[]) {
  const end = args.indexOf("--");
  if (args.slice(0, end === -1 ? undefined : end).some(isSnippetOption)) return parseSnippetTargets(args);
  const plan = end === -1 ? parsePlain(args) : parseTargets(args, end);
  refuseCommas(plan);
  return plan;
}

function isSnippetOption(word: string): boolean {
  return word === "--snippet" || word.startsWith("--snippet=");
}

function parseTargets(args: readonly string[], end: number) {
  const { values, positionals } = parseOptions(args.slice(0, end), options);
  const command = args.slice(end + 1).join(" ");
  const [host] = positionals;
  if (host === undefined) throw new UsageError("Name a host before --.");
  if (command === "") throw new UsageError("No command after --.");
  return { values, host, targets: positionals, command };
}

function refuseCommas({
  targets,
  command,
}: {
  readonly targets: readonly string[];
  readonly command: string;
}): void {
  const joined = targets.find((target) => targetsBetweenCommas(target) !== undefined);
  if (joined === undefined) return;
  const apart = targets.flatMap((target) => targetsBetweenCommas(target) ?? [target]);
  throw new UsageError(
    `${joined} is no target: each is a word of its own, before --. Example: hostrun run ${apart.join(" ")} -- ${command}`,
  );
}

/** A snippet already has a command: all words are targets, and there may be none. */
function parseSnippetTargets(args: readonly string[]) {
  if (args.includes("--")) throw new UsageError("--snippet already has a command; remove the one after --.");
  const { values, positionals } = parseOptions(args, options);
  return { values, host: positionals[0] ?? "", targets: positionals, command: "" };
}

function parsePlain(args: readonly string[]) {
  const first = tokensOf(args, options).find(({ kind }) => kind === "word");
  const at = first?.index ?? args.length - 1;
  const { values, positionals } = parseOptions(args.slice(0, at + 1), options);
  const [host] = takeWords(positionals, "HOST");
  const words = args.slice(at + 1);
  if (words[0]?.startsWith("-") === true) {
    throw new UsageError(
      `Put ${words[0]} before the host; or, as part of the command: hostrun run ${host} -- ${words.join(" ")}`,
    );
  }
  const command = words.join(" ");
  if (command === "") throw new UsageError(`No command given. Example: hostrun run ${host} uptime`);
  return { values, host, targets: [host], command };
}

/** Whether it is a job: it may involve several hosts, or uses an option for a job's results. */
export function isForMany({ targets, show, failedTo }: RunPlan): boolean {
  const [only = ""] = targets;
  if (show === "csv" || failedTo !== undefined) return true;
  return targets.length > 1 || only === "all" || /^(?:tag|group):|^[@!]|[*?]/.test(only) || hasRange(only);
}

/** Brackets of an IPv6 address contain a colon; all others are treated as a range, even an invalid one. */
function hasRange(target: string): boolean {
  const rest = target.includes("[") ? target.replace(/\[[^\]]*:[^\]]*\]/, "") : target;
  return rest.includes("[") || rest.includes("]");
}

function parseJob(values: {
  readonly forks?: string | undefined;
  readonly "fail-fast"?: boolean | undefined;
  readonly batches?: string | undefined;
  readonly "max-failures"?: string | undefined;
  readonly "same-sudo-password"?: boolean | undefined;
}): RunPlan["job"] {
  const { forks, batches, "max-failures": maxFailures } = values;
  return {
    ...(forks === undefined ? {} : { concurrency: parseWhole(forks, "--forks", { min: 1, max: 1000 }) }),
    ...(values["fail-fast"] === true ? { failFast: true } : {}),
    ...(values["same-sudo-password"] === true ? { sameSudoPassword: true } : {}),
    ...(batches === undefined
      ? {}
      : { batches: batches.split(",").map((size) => parseShare(size, "--batches", 1)) }),
    ...(maxFailures === undefined ? {} : { maxFailures: parseShare(maxFailures, "--max-failures", 0) }),
  };
}

/** Parses `3` or `20%`; a number must be at least `min`. */
function parseShare(text: string, option: string, min: number): number | string {
  const share = shareOf(text, min);
  if (share !== undefined) return share;
  throw new UsageError(
    `${option} is "${text}", but must be a number of hosts${min === 0 ? "" : ` from ${min}`} or a share such as 20%.`,
  );
}

function parseSnippet({
  snippet,
  set = [],
}: {
  readonly snippet?: string | undefined;
  readonly set?: string[] | undefined;
}): RunPlan["snippet"] {
  if (snippet === undefined) {
    if (set.length > 0) throw new UsageError("--set goes with --snippet.");
    return undefined;
  }
  const pairs = set.map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1) throw new UsageError(`--set is "${text}", but must be INPUT=VALUE.`);
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  const names = pairs.map(([name]) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) throw new UsageError(`--set gives ${repeated} more than once.`);
  return { name: snippet, values: Object.fromEntries(pairs) };
}
