import { resolve } from "node:path";
import type { RunRequestInput } from "../../protocol/run.ts";
import { parseOptions, parseSize, parseSpan, takeWords, UsageError } from "../command.ts";

/** What `hostrun run` was asked to do. */
export interface RunPlan {
  readonly request: RunRequestInput;
  readonly view: ViewOptions;
  /** Whether standard input may be read at all. */
  readonly readStdin: boolean;
  /** Whether a person may be asked. */
  readonly ask: boolean;
}

/** How a run is shown. */
export interface ViewOptions {
  readonly json: boolean;
  readonly raw: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export const viewOptions = {
  json: { type: "boolean" },
  raw: { type: "boolean" },
  quiet: { type: "boolean", short: "q" },
  verbose: { type: "boolean", short: "v" },
} as const;

const options = {
  ...viewOptions,
  bash: { type: "boolean" },
  "login-shell": { type: "boolean" },
  cwd: { type: "string" },
  env: { type: "string", multiple: true },
  "secret-env": { type: "string", multiple: true },
  timeout: { type: "string" },
  "connect-timeout": { type: "string" },
  "cache-ttl": { type: "string" },
  "record-limit": { type: "string" },
  pty: { type: "boolean" },
  durable: { type: "boolean" },
  "no-stdin": { type: "boolean", short: "n" },
  batch: { type: "boolean" },
} as const;

export function parseRunPlan(args: readonly string[], env: NodeJS.ProcessEnv): RunPlan {
  const { values, host, command } = parseTarget(args);
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
      pty: values.pty === true,
      durable: values.durable === true,
      ...(limit === undefined ? {} : { recordLimitBytes: parseSize(limit, "--record-limit") }),
      agentSocket: agentSocketOf(env),
    },
    view: parseView(values),
    readStdin: ![values["no-stdin"], values.durable].includes(true),
    ask: values.batch !== true,
  };
}

/** One host before the first `--`, the command behind it; its words are joined by spaces, as ssh does. */
function parseTarget(args: readonly string[]) {
  const end = args.indexOf("--");
  const { values, positionals } = parseOptions(end === -1 ? args : args.slice(0, end), options);
  const [host, ...more] = positionals;
  if (end === -1) {
    const example = `hostrun run ${host ?? "web1"} -- ${more.length === 0 ? "uptime" : more.join(" ")}`;
    throw new UsageError(`Put -- between the host and the command: ${example}`);
  }
  if (more.length > 0) {
    throw new UsageError(
      `${positionals.length} hosts are named, but this version runs on one host at a time. Call it once for each.`,
    );
  }
  const command = args.slice(end + 1).join(" ");
  if (command === "") throw new UsageError("There is no command behind --.");
  const [name] = takeWords(positionals, "HOST");
  return { values, host: name, command };
}

/** A relative path is meant from here; the daemon runs elsewhere. On Windows it may be no path at all ("pageant"). */
function agentSocketOf(env: NodeJS.ProcessEnv): string | null {
  const socket = env["SSH_AUTH_SOCK"];
  if (socket === undefined || socket === "") return null;
  return process.platform === "win32" ? socket : resolve(socket);
}

export function parseView(values: {
  readonly json?: boolean | undefined;
  readonly raw?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}): ViewOptions {
  const { json = false, raw = false, quiet = false, verbose = false } = values;
  return { json, raw, quiet, verbose };
}

/** NAME=VALUE, or NAME for the value that it has here. */
function parseEnvironment(assignments: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const equals = assignment.indexOf("=");
      if (equals === 0) throw new UsageError(`--env is "${assignment}", but must be NAME=VALUE or NAME.`);
      if (equals > 0) return [assignment.slice(0, equals), assignment.slice(equals + 1)];
      return [assignment, valueHere("--env", assignment, env)];
    }),
  );
}

/** Names only: what stands on a command line is no secret. */
function parseSecrets(names: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      if (name.includes("="))
        throw new UsageError(
          "--secret-env takes a NAME without a value, which other accounts could read here.",
        );
      return [name, valueHere("--secret-env", name, env)];
    }),
  );
}

function valueHere(option: string, name: string, env: NodeJS.ProcessEnv): string {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined) throw new UsageError(`${option} is ${name}, but no such variable is set here.`);
  return value;
}
