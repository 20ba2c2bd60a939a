import type { Daemon } from "../../client/daemon.ts";
import type { HostTest } from "../../protocol/host.ts";
import type { Remember } from "../../protocol/prompt.ts";
import { agentSocketOf } from "../agent-socket.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { TerminalPrompts } from "../prompts/terminal-prompts.ts";

export interface HostTestOptions {
  readonly connectTimeoutMs?: number | undefined;
  readonly remember?: Remember | undefined;
}

/** Logs in to a host; a person at the terminal is asked what it takes. */
export async function testHost(daemon: Daemon, host: string, options: HostTestOptions): Promise<HostTest> {
  const { connectTimeoutMs, remember } = options;
  const asks = hasTerminal();
  const body = {
    agentSocket: agentSocketOf(process.env),
    prompts: asks ? ("ask" as const) : ("fail" as const),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  };
  const over = new AbortController();
  const params = { host };
  try {
    if (asks) await watchPrompts(daemon, new TerminalPrompts(daemon, remember), over.signal);
    return await daemon.call("testHost", { params, body });
  } finally {
    over.abort();
  }
}

/** Resolves when prompts are seen from now on; a test's own has no run. */
async function watchPrompts(daemon: Daemon, prompts: TerminalPrompts, signal: AbortSignal): Promise<void> {
  const changes = daemon.changes({ signal });
  await changes.next();
  const watch = async (): Promise<void> => {
    for await (const { event } of changes) {
      if (event.type === "prompt" && event.prompt.runIds.length === 0) prompts.opened(event.prompt);
      if (event.type === "promptClosed") prompts.closed(event.promptId);
    }
  };
  watch().catch(() => undefined);
}
