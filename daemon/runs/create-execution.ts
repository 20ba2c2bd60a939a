import type { RunRequest } from "../../protocol/run.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { Prompts } from "../prompts/prompts.ts";
import { commandLine } from "./command/command-line.ts";
import { DurableExecution } from "./durable/durable-execution.ts";
import type { DurableParts } from "./durable/durable-parts.ts";
import { unstarted } from "./durable/plan.ts";
import type { StartInput } from "./durable/host-script.ts";
import { Execution } from "./execution.ts";
import type { LiveRun } from "./record/live-run.ts";
import type { RunExecution } from "./run-execution.ts";
import type { RunPlace } from "./run-hosts.ts";
import { questionerOf } from "./run-questioner.ts";
import type { SudoAccess, SudoGates } from "./sudo/sudo-gates.ts";
import type { SessionSettings } from "../transport/session-settings.ts";

export interface ExecutionPlace extends Omit<RunPlace, "host"> {
  /** As returned by the clock's `elapsed`. */
  readonly askedAt: number;
  /** Where the sudo password comes from; undefined: asked for per login. */
  readonly sudo: SudoAccess | undefined;
}

export interface CreateExecutionParts {
  /** The settings when the run was requested. */
  readonly usual: Settings;
  readonly prompts: Pick<Prompts, "questioner">;
  readonly sudo: Pick<SudoGates, "forLogin">;
  readonly durable: DurableParts;
}

export interface RunLimits {
  /** 0: none. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
}

export function limitsOf(
  request: Pick<RunRequest, "timeoutMs" | "connectTimeoutMs">,
  session: Pick<SessionSettings, "connectTimeoutMs">,
  usual: Pick<Settings, "commandTimeoutMs" | "connectTimeoutMs">,
): RunLimits {
  return {
    timeoutMs: request.timeoutMs ?? usual.commandTimeoutMs,
    connectTimeoutMs: request.connectTimeoutMs ?? session.connectTimeoutMs ?? usual.connectTimeoutMs,
  };
}

/** Creates the execution of a run that has not begun. */
export function createExecution(
  live: LiveRun,
  request: RunRequest,
  { target, session, loginShell, worker, askedAt, sudo }: ExecutionPlace,
  parts: CreateExecutionParts,
): RunExecution {
  const { timeoutMs, connectTimeoutMs } = limitsOf(request, session, parts.usual);
  const questioner = questionerOf(live, request.prompts, parts.prompts);
  if (!request.durable) {
    const where = { target, loginShell, worker, askedAt, environment: session.environment };
    const access = sudo ?? parts.sudo.forLogin(target);
    return new Execution(live, { request, ...where, timeoutMs, connectTimeoutMs, questioner, sudo: access });
  }
  const { agentSocket, recordLimitBytes, stdin, env, secretEnv } = request;
  const plan = { target, agentSocket, connectTimeoutMs, timeoutMs, recordLimitBytes, ...unstarted };
  const options = { ...request, loginShell, variables: { ...env, ...secretEnv } };
  const start: StartInput = {
    commandLine: (shell, token) => commandLine(request.command, options, shell, { from: "there", token }),
    stdin,
  };
  return new DurableExecution(live, plan, start, { ...parts.durable, questioner });
}
