import { randomUUID } from "node:crypto";
import type { Daemon } from "../../client/daemon.ts";
import type { HostTest } from "../../protocol/host-test.ts";
import type { Remember } from "../../protocol/prompt.ts";
import type { TestStep } from "../../protocol/test-step.ts";
import { agentSocketOf } from "../agent-socket.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { TerminalPrompts } from "../prompts/terminal-prompts.ts";

export interface HostTestOptions {
  readonly connectTimeoutMs?: number | undefined;
  readonly remember?: Remember | undefined;
  readonly fresh?: boolean | undefined;
  /** Called with its steps as they are made, if there is a terminal. */
  readonly steps?: (steps: readonly TestStep[]) => void;
}

/** Logs in to a host; prompts are put to the person at the terminal. */
export async function testHost(daemon: Daemon, host: string, options: HostTestOptions): Promise<HostTest> {
  const { connectTimeoutMs, remember, fresh = false, steps } = options;
  const asks = hasTerminal();
  const body = {
    agentSocket: agentSocketOf(process.env),
    prompts: asks ? ("ask" as const) : ("fail" as const),
    fresh,
    testId: randomUUID(),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  };
  const over = new AbortController();
  const params = { host };
  try {
    if (asks) {
      const watched = { prompts: new TerminalPrompts(daemon, remember), testId: body.testId, steps };
      await watch(daemon, watched, over.signal);
    }
    return await daemon.call("testHost", { params, body });
  } finally {
    over.abort();
  }
}

interface Watched {
  readonly prompts: TerminalPrompts;
  readonly testId: string;
  readonly steps: HostTestOptions["steps"];
}

/** Resolves when prompts and steps are being received; a prompt of a test has no run. */
async function watch(
  daemon: Daemon,
  { prompts, testId, steps }: Watched,
  signal: AbortSignal,
): Promise<void> {
  const changes = daemon.changes({ signal });
  await changes.next();
  const follow = async (): Promise<void> => {
    for await (const { event } of changes) {
      if (event.type === "prompt" && event.prompt.runIds.length === 0) prompts.opened(event.prompt);
      if (event.type === "promptClosed") prompts.closed(event.promptId);
      if (event.type === "hostTest" && event.testId === testId) steps?.(event.steps);
    }
  };
  follow().catch(() => undefined);
}
