import type { Daemon } from "../../client/daemon.ts";
import { visible } from "../../protocol/visible.ts";
import type { Sink } from "../run/sink.ts";

const rule = "-".repeat(15);

/** Each different output once, below the hosts that it is of; the most common one first. */
export async function printGroups(daemon: Daemon, job: string, stdout: Sink): Promise<void> {
  const { items } = await daemon.call("jobGroups", { params: { job }, query: { by: "both" } });
  for (const { hosts, count, outcome, runId } of items) {
    // It printed nothing; why is told at the end.
    if (outcome === "failed") continue;
    await stdout.write(`${rule}\n${visible(hosts)} (${count})\n${rule}\n`);
    let last = 10;
    for await (const chunk of await daemon.openOutput(runId, "both")) {
      if (!(chunk instanceof Buffer) || chunk.length === 0) continue;
      await stdout.write(chunk);
      last = chunk.at(-1) ?? last;
    }
    if (last !== 10) await stdout.write("\n");
  }
}
