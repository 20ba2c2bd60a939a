import type { Daemon } from "../../client/daemon.ts";
import { secretVariable, usesHost } from "../../protocol/snippet-text.ts";
import type { Snippet, SnippetInput } from "../../protocol/snippet.ts";
import { Problem } from "../../protocol/problem.ts";
import { visible } from "../../protocol/visible.ts";
import { UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { readTypedLine } from "../prompts/typed-line.ts";
import { isForMany, type RunPlan } from "./options.ts";

/** A plan whose command is that of a snippet, with the values that were given or are asked for here. */
export async function withSnippet(daemon: Daemon, plan: RunPlan, env: NodeJS.ProcessEnv): Promise<RunPlan> {
  const { snippet: asked } = plan;
  if (asked === undefined) return plan;
  const params = { snippet: asked.name };
  const snippet = await asUsage(daemon.call("getSnippet", { params }));
  const targets = plan.targets.length > 0 ? plan.targets : snippet.targets;
  const [host] = targets;
  if (host === undefined)
    throw new UsageError(`Name a host: the snippet ${visible(snippet.name)} has none of its own.`);
  const where = { ...plan, targets, request: { ...plan.request, host } };
  const isHosts = usesHost(snippet.command);
  if (isHosts && isForMany(where)) {
    throw new UsageError(
      `The snippet ${visible(snippet.name)} has values of its host: name one host at a time.`,
    );
  }
  const ask = plan.ask && hasTerminal();
  const inputs = { ...asked.values, ...(ask ? await askMissing(snippet, asked.values) : {}) };
  const body = { inputs, host: isHosts ? host : null };
  const { command, options, secretEnv } = await asUsage(daemon.call("expandSnippet", { params, body }));
  const secrets: Record<string, string> = {};
  for (const input of snippet.inputs) {
    const name = secretEnv[input.name];
    if (name !== undefined) secrets[name] = await secretOf(input, ask, env);
  }
  if (!plan.view.quiet) warn(`Running: ${command}`);
  const { request } = where;
  return {
    ...where,
    request: {
      ...request,
      ...optionsOf(request, options),
      command,
      secretEnv: { ...request.secretEnv, ...secrets },
    },
  };
}

/** A snippet that there is not, or a value that does not fit, is a fault of the command line: nothing was tried. */
async function asUsage<T>(reply: Promise<T>): Promise<T> {
  return reply.catch((error: unknown) => {
    if (!(error instanceof Problem) || (error.code !== "not_found" && error.code !== "invalid_request"))
      throw error;
    throw new UsageError(error.message.replace(/^inputs\./, "--set "), { cause: error });
  });
}

/** What was said on the command line counts. */
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

/** Those that have no default, one after the other. */
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

/** From the environment, where nobody reads along, or asked for; never from an argument. */
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
