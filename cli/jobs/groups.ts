import type { Daemon } from "../../client/daemon.ts";
import type { JobGroup } from "../../protocol/job.ts";
import { visible } from "../../protocol/visible.ts";
import type { Sink } from "../run/sink.ts";

const rule = "-".repeat(15);
const newline = 10;

/** Each different output once, below the hosts that it is of; the most common one first. */
export async function printGroups(daemon: Daemon, job: string, stdout: Sink): Promise<void> {
  for (const group of await groupsOf(daemon, job)) {
    await stdout.write(headOf(group));
    await printOutput(daemon, group, stdout);
  }
}

/** The most common output, and of the others how they differ from it. */
export async function printDifferences(daemon: Daemon, job: string, stdout: Sink): Promise<void> {
  const [largest, ...others] = await groupsOf(daemon, job);
  if (largest === undefined) return;
  await stdout.write(headOf(largest));
  await printOutput(daemon, largest, stdout);
  for (const group of others) {
    await stdout.write(headOf(group));
    const query = { a: largest.runId, b: group.runId };
    const patch = await daemon.call("jobDiff", { params: { job }, query });
    await stdout.write(patch === "" ? `The same output: ${endingOf(group)}\n` : patch);
  }
}

/** The largest first. Those that printed nothing since they could not be run are told of at the end. */
async function groupsOf(daemon: Daemon, job: string): Promise<JobGroup[]> {
  const { items } = await daemon.call("jobGroups", { params: { job }, query: { by: "both" } });
  return items.filter(({ outcome }) => outcome !== "failed");
}

function headOf({ hosts, count }: JobGroup): string {
  return `${rule}\n${visible(hosts)} (${count})\n${rule}\n`;
}

function endingOf({ outcome, exitCode }: JobGroup): string {
  return outcome === "exited" ? `exit status ${exitCode ?? "unknown"}` : outcome;
}

async function printOutput(daemon: Daemon, { runId }: JobGroup, stdout: Sink): Promise<void> {
  let last = newline;
  for await (const chunk of await daemon.openOutput(runId, "both")) {
    if (!(chunk instanceof Buffer) || chunk.length === 0) continue;
    await stdout.write(chunk);
    last = chunk.at(-1) ?? last;
  }
  if (last !== newline) await stdout.write("\n");
}
