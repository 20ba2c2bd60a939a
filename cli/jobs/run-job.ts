import type { Daemon } from "../../client/daemon.ts";
import { notRunStatus } from "../../client/exit-status.ts";
import { formatCount } from "../../protocol/count.ts";
import { foldNames } from "../../protocol/host-set.ts";
import type { JobRequestInput } from "../../protocol/job.ts";
import { warn } from "../console.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import type { RunPlan } from "../run/options.ts";
import { confirmJob } from "../run/production.ts";
import { stdinSource } from "../run/stdin.ts";
import { FailedTo } from "./failed-to.ts";
import { withWholeIds } from "./find.ts";
import { followJob } from "./follow-job.ts";

/** Runs a command on many hosts and shows it; the exit status is 0 only if every host's was. */
export async function runJob(daemon: Daemon, plan: RunPlan): Promise<number> {
  const targets = await withWholeIds(daemon, plan.targets);
  const { hosts, production, unknown } = await daemon.ask("resolveTargets", { body: { targets } });
  if (unknown.length === 0 && hosts.length > 0) {
    if (!plan.view.quiet) warn(`${formatCount(hosts.length, "host")}: ${foldNames(hosts)}`);
    if (production.length > 0 && !plan.yes && !(await confirmJob(daemon, plan, production)))
      return notRunStatus;
  }
  const { host: _, stdinOpen: _open, ...options } = plan.request;
  if (plan.readStdin && !plan.view.quiet && (await stdinSource()) === "stream") {
    warn("Standard input is not passed on to several hosts.");
  }
  const prompts = plan.ask && hasTerminal() ? "ask" : "fail";
  const request: JobRequestInput = { ...options, ...plan.job, prompts, targets };
  await using failedTo = await FailedTo.open(plan.failedTo);
  const job = await daemon.call("createJob", { body: request });
  return await followJob(daemon, job, {
    view: plan.view,
    show: plan.show,
    failedTo,
    remember: plan.remember,
  });
}
