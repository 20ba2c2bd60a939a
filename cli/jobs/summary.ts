import type { Daemon } from "../../client/daemon.ts";
import { formatCount } from "../../protocol/count.ts";
import { foldNames } from "../../protocol/host-set.ts";
import type { Job } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";
import { formatSpan } from "../../protocol/span.ts";
import { visible } from "../../protocol/visible.ts";
import { warn } from "../console.ts";
import { type OfferedKey, offeredKey } from "../run/offered-key.ts";
import { explainTrust } from "../run/trust.ts";
import { skippedText } from "./describe.ts";
import { runsOfJob } from "../../client/runs-of-job.ts";

/** The maximum number of keys for which the commands to trust them are shown. */
const maxKeys = 20;

/** Prints a job's result to standard error: failures by reason, and the number of successes. */
export async function summarize(daemon: Daemon, job: Job): Promise<void> {
  const { counts, hosts } = job;
  const reasons = new Map<string, Run[]>();
  if (counts.exited0 < hosts.length) {
    for await (const run of failures(daemon, job.id)) {
      const kind = kindOf(run);
      const runs = reasons.get(kind) ?? [];
      runs.push(run);
      reasons.set(kind, runs);
    }
  }
  const lines = [...reasons.values()].map((runs) => `  ${namesOf(runs)}: ${reasonOf(runs)}`);
  const more = counts.skipped > 0 ? [`  ${skippedText(job)}`] : [];
  const cached = await cachedText(daemon, job);
  warn(
    `${counts.exited0} of ${formatCount(hosts.length, "host")} ended with exit status 0.`,
    ...lines.map(visible),
    ...more,
    ...cached,
  );
  explainKeys([...reasons.values()].flat());
}

/** On how many hosts nothing ran since there was a result, and how old the oldest of those is. */
async function cachedText(daemon: Daemon, { id, options }: Job): Promise<string[]> {
  if ((options.cacheTtlMs ?? 0) === 0) return [];
  let count = 0;
  let oldestMs = 0;
  for await (const { cached, timings } of runsOfJob(
    (input) => daemon.ask("listJobRuns", input),
    id,
    "created",
  )) {
    if (!cached) continue;
    count += 1;
    oldestMs = Math.max(oldestMs, timings.resultAgeMs ?? 0);
  }
  if (count === 0) return [];
  return [`  ${count} answered from the cache, up to ${formatSpan(oldestMs)} old; --no-cache runs it again`];
}

function namesOf(runs: readonly Run[]): string {
  return foldNames(runs.map(({ host }) => host.name));
}

/** The same for all hosts that failed with one kind of problem, whose text names each host. */
function kindOf(run: Run): string {
  const { code, reason } = run.problem ?? {};
  return run.outcome === "failed" && code !== undefined ? `${code} ${reason ?? ""}` : endingOf(run);
}

function reasonOf(runs: readonly Run[]): string {
  const [first] = runs;
  if (first === undefined) return "";
  const reason = endingOf(first);
  const isOne = runs.every((run) => endingOf(run) === reason);
  return isOne ? reason : `${first.problem?.title ?? "Failed"}, e.g.: ${reason}`;
}

/** Explains how to trust the servers' keys, where no one could be asked. */
function explainKeys(runs: readonly Run[]): void {
  const keys = new Map<string, OfferedKey>();
  for (const { problem } of runs) {
    const offered = offeredKey(problem ?? undefined);
    if (offered !== undefined) keys.set(`${offered.address} ${offered.port} ${offered.key}`, offered);
  }
  const offered = [...keys.values()];
  for (const each of offered.slice(0, maxKeys)) explainTrust(each);
  const left = offered.length - maxKeys;
  if (left > 0)
    warn(`Unknown keys of ${formatCount(left, "more host")} are not shown: \`hostrun run HOST\` shows each.`);
}

/** The runs that did not end with exit status 0. */
async function* failures(daemon: Daemon, job: string): AsyncGenerator<Run> {
  for await (const run of runsOfJob((input) => daemon.ask("listJobRuns", input), job, "failures")) {
    if (run.outcome === "exited" && run.exitCode === 0) return;
    yield run;
  }
}

function endingOf({ outcome, exitCode, signal, problem }: Run): string {
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
