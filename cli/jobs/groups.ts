import type { Daemon } from "../../client/daemon.ts";
import { hasRun, type JobGroup } from "../../protocol/job.ts";
import { visible } from "../../protocol/visible.ts";
import type { Sink } from "../run/sink.ts";
import { terminalLines } from "../terminal-lines.ts";

const rule = "-".repeat(15);
const newline = 10;

/** Prints each distinct output once, below the names of its hosts; the most common one first. */
export async function printGroups(daemon: Daemon, job: string, stdout: Sink): Promise<void> {
  for (const group of await groupsOf(daemon, job)) {
    await stdout.write(headOf(group));
    await printOutput(daemon, group, stdout);
  }
}

/** Prints the most common output, and how each of the others differs from it. */
export async function printDifferences(daemon: Daemon, job: string, stdout: Sink): Promise<void> {
  const [largest, ...others] = await groupsOf(daemon, job);
  if (largest === undefined) return;
  await stdout.write(headOf(largest));
  await printOutput(daemon, largest, stdout);
  for (const group of others) {
    await stdout.write(headOf(group));
    const query = { a: largest.runId, b: group.runId };
    const patch = await daemon.ask("jobDiff", { params: { job }, query });
    const shown = process.stdout.isTTY ? terminalLines(Buffer.from(patch)) : patch;
    await stdout.write(patch === "" ? `${sameOutput(group, largest)}\n` : shown);
  }
}

type RanGroup = JobGroup & { readonly runId: string };

/** The largest first. Hosts without output because they could not be run on are reported at the end. */
async function groupsOf(daemon: Daemon, job: string): Promise<RanGroup[]> {
  const { items } = await daemon.ask("jobGroups", { params: { job }, query: { by: "both" } });
  return items.filter(({ outcome }) => outcome !== "failed").filter(hasRun);
}

function headOf({ hosts, count }: JobGroup): string {
  return `${rule}\n${visible(hosts)} (${count})\n${rule}\n`;
}

/** Why groups with the same bytes are nevertheless separate. */
function sameOutput(group: JobGroup, largest: JobGroup): string {
  const ending = endingOf(group);
  if (ending !== endingOf(largest)) return `The same output: ${ending}`;
  return "The same bytes, but not on the same streams (stdout, stderr)";
}

function endingOf({ outcome, exitCode }: JobGroup): string {
  return outcome === "exited" ? `exit status ${exitCode ?? "unknown"}` : outcome;
}

async function printOutput(daemon: Daemon, { runId }: RanGroup, stdout: Sink): Promise<void> {
  const shown = process.stdout.isTTY ? terminalLines : (bytes: Buffer) => bytes;
  let rest = Buffer.alloc(0);
  for await (const chunk of await daemon.openOutput(runId, "both")) {
    const bytes = Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(newline) + 1;
    rest = bytes.subarray(end);
    if (end > 0) await stdout.write(shown(bytes.subarray(0, end)));
  }
  if (rest.length > 0) await stdout.write(shown(Buffer.concat([rest, Buffer.from("\n")])));
}
