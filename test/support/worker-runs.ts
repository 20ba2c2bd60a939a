import type { HostedDaemon, RunOptions } from "./hosted-daemon.ts";
import { readMessages, RunReading } from "./run-stream.ts";

export function byWorker(run: RunReading): boolean {
  return run.of("status").some(({ message }) => message.includes("by a worker"));
}

/** Runs something until a worker runs it. */
export async function awaitWorker(daemon: HostedDaemon): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) if (byWorker(await daemon.run("true"))) return;
  throw new Error("No worker was started.");
}

/** Starts a command, which goes on after its first output, until a worker runs it. */
export async function startByWorker(
  daemon: HostedDaemon,
  command: string,
  options: RunOptions = {},
  query = "",
) {
  for (let tries = 0; tries < 200; tries += 1) {
    const run = new RunReading();
    const json = { host: "web1", command, ...options };
    const messages = readMessages(await daemon.http.open("POST", `/api/ssh/stream${query}`, { json }));
    await run.until(messages, ({ type }) => type === "output");
    if (byWorker(run)) return { run, messages };
    await daemon.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 100 } });
    await run.until(messages, ({ type }) => type === "complete");
  }
  throw new Error("No worker was started.");
}
