import type { Daemon } from "../../client/daemon.ts";
import { foldNames } from "../../protocol/host-set.ts";
import type { Job } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";
import { visible } from "../../protocol/visible.ts";
import { warn } from "../console.ts";
import { skippedText } from "./describe.ts";
import { runsOfJob } from "../../client/runs-of-job.ts";

/** What came of a job, on standard error: whatever did not end well by the reason, and how many did. */
export async function summarize(daemon: Daemon, job: Job): Promise<void> {
  const { counts, hosts } = job;
  const reasons = new Map<string, string[]>();
  if (counts.exited0 < hosts.length) {
    for await (const run of failures(daemon, job.id)) {
      const reason = reasonOf(run);
      const names = reasons.get(reason) ?? [];
      names.push(run.host.name);
      reasons.set(reason, names);
    }
  }
  const lines = [...reasons].map(([reason, names]) => `  ${foldNames(names)}: ${reason}`);
  const more = counts.skipped > 0 ? [`  ${skippedText(job)}`] : [];
  warn(
    `${counts.exited0} of ${hosts.length} hosts ended with exit status 0.`,
    ...lines.map(visible),
    ...more,
  );
}

/** Those that did not end with exit status 0. */
async function* failures(daemon: Daemon, job: string): AsyncGenerator<Run> {
  for await (const run of runsOfJob(daemon, job, "failures")) {
    if (run.outcome === "exited" && run.exitCode === 0) return;
    yield run;
  }
}

function reasonOf({ outcome, exitCode, signal, problem }: Run): string {
  switch (outcome) {
    case "exited":
      return `exit status ${exitCode ?? "unknown"}`;
    case "signaled":
      return `ended by signal ${signal ?? "unknown"}`;
    case "timedOut":
      return "timed out";
    case "cancelled":
      return "cancelled";
    case "failed":
      return problem?.detail ?? "could not be run";
    case "unknown":
    case null:
      return "unknown: the command may still be running there";
  }
}
