import type { Daemon } from "../../client/daemon.ts";
import { secretVariable, usesHost } from "../../protocol/snippet-text.ts";
import type { ExpandedSnippet, Snippet } from "../../protocol/snippet.ts";
import type { SnippetInput } from "../../protocol/snippet-input.ts";
import { Problem } from "../../protocol/problem.ts";
import { visible } from "../../protocol/visible.ts";
import { UsageError } from "../command.ts";
import { inOptionNames } from "../option-names.ts";
import { warn } from "../console.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { readTypedLine } from "../prompts/typed-line.ts";
import { withWholeIds } from "../jobs/find.ts";
import { isForMany, type RunPlan } from "./options.ts";

/** The maximum number of hosts whose commands are shown before they run. */
const maxShown = 20;

/** Replaces the plan's command by that of a snippet, with values that were given or are asked for here. */
export async function withSnippet(daemon: Daemon, plan: RunPlan, env: NodeJS.ProcessEnv): Promise<RunPlan> {
  const { snippet: asked } = plan;
  if (asked === undefined) return plan;
  const params = { snippet: asked.name };
  const snippet = await asUsage(daemon.ask("getSnippet", { params }));
  const targets = plan.targets.length > 0 ? plan.targets : snippet.targets;
  const [host] = targets;
  if (host === undefined)
    throw new UsageError(`Name a host: the snippet ${visible(snippet.name)} has none of its own.`);
  const where = { ...plan, targets, request: { ...plan.request, host } };
  const ask = plan.ask && hasTerminal();
  const inputs = { ...asked.values, ...(ask ? await askMissing(snippet, asked.values) : {}) };
  const body = { inputs, ...(usesHost(snippet.command) ? await hostsOf(daemon, where) : {}) };
  const expanded = await asUsage(daemon.ask("expandSnippet", { params, body }));
  const { command, options, secretEnv, template } = expanded;
  const secrets: Record<string, string> = {};
  for (const input of snippet.inputs) {
    const name = secretEnv[input.name];
    if (name !== undefined) secrets[name] = await secretOf(input, ask, env);
  }
  if (!plan.view.quiet) for (const line of linesOf(expanded)) warn(line);
  const { request } = where;
  return {
    ...where,
    job: { ...where.job, template },
    request: {
      ...request,
      ...optionsOf(request, options),
      command,
      secretEnv: { ...request.secretEnv, ...secrets },
    },
  };
}

/** The hosts whose values the command contains; only the first of many hosts, to be shown. */
async function hostsOf(
  daemon: Daemon,
  plan: RunPlan,
): Promise<{ readonly host: string } | { readonly hosts: string[] }> {
  const [host = ""] = plan.targets;
  if (!isForMany(plan)) return { host };
  const targets = await withWholeIds(daemon, plan.targets);
  const { hosts, unknown } = await daemon.ask("resolveTargets", { body: { targets } });
  if (hosts.length === 0 || unknown.length > 0) {
    const names = (unknown.length > 0 ? unknown : targets).map((name) => visible(name)).join(", ");
    throw new UsageError(`There is no host for ${names}. Nothing was run.`);
  }
  return { hosts: hosts.slice(0, maxShown) };
}

/** Shows what is about to run. */
function linesOf({ command, commands }: ExpandedSnippet): string[] {
  if (commands.length === 0) return [`Running: ${command}`];
  const those = commands.length < maxShown ? "" : `; the first ${maxShown} are`;
  return [
    `Running, on each host with its own values: ${command}${those}`,
    ...commands.map((each) => `${each.host}: ${each.command}`),
  ];
}

/** An unknown snippet, or an invalid value, is an error of the command line: nothing was attempted. */
async function asUsage<T>(reply: Promise<T>): Promise<T> {
  return reply.catch((error: unknown) => {
    if (!(error instanceof Problem) || (error.code !== "not_found" && error.code !== "invalid_request"))
      throw error;
    throw new UsageError(inOptionNames(error, { inputs: "--set" }).message, { cause: error });
  });
}

/** Options given on the command line override the snippet's. */
function optionsOf(request: RunPlan["request"], options: Snippet["options"]): Partial<RunPlan["request"]> {
  const set = Object.entries(options).filter(
    ([, value]) => value !== false && value !== null && value !== undefined,
  );
  const said = new Set(
    Object.entries(request)
      .filter(([, value]) => value !== false && value !== null && value !== undefined)
      .map(([name]) => name),
  );
  return Object.fromEntries(set.filter(([name]) => !said.has(name)));
}

/** Asks for those without a default, one at a time. */
async function askMissing(
  { inputs }: Snippet,
  given: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const asked: Record<string, string> = {};
  for (const input of inputs) {
    if (input.type === "secret" || input.default !== undefined || Object.hasOwn(given, input.name)) continue;
    asked[input.name] = await typed(input, true);
  }
  return asked;
}

/** Taken from the environment, which others cannot read, or asked for; never from an argument. */
async function secretOf(input: SnippetInput, ask: boolean, env: NodeJS.ProcessEnv): Promise<string> {
  const name = secretVariable(input.name);
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined) return value;
  if (ask) return typed(input, false);
  throw new UsageError(
    `The input ${input.name} is a secret: set ${name} here, or run it on a terminal, which asks for it.`,
  );
}

async function typed({ name, label, choices }: SnippetInput, echo: boolean): Promise<string> {
  const of = choices === undefined ? "" : ` (${choices.join(", ")})`;
  const value = await readTypedLine({ question: `${visible((label ?? name) + of)}: `, echo });
  if (value === undefined) throw new UsageError(`The input ${name} is missing. Nothing was run.`);
  return value;
}
