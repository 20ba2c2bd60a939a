import type { Daemon } from "../../client/daemon.ts";
import { foldNames } from "../../protocol/host-set.ts";
import type { Job } from "../../protocol/job.ts";
import { agentSocketOf } from "../agent-socket.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { confirmJob } from "../run/production.ts";
import { findJob } from "./find.ts";
import { followJob } from "./follow-job.ts";

const parts = ["failed", "unfinished", "all"] as const;
const notRunStatus = 255;

export const rerun: Command = {
  help: `Run a job's command again, and show it as \`hostrun run\` does.

Usage: hostrun jobs rerun JOB [OPTION...]

JOB is an id of \`hostrun jobs\`, the beginning of one, or last.

  --only PART  where it failed (failed), where it did not finish (unfinished), or
               everywhere (all); by default where it failed
  --gather     show each different output once, below the hosts that it is of
  --batch      never ask anything
  -y, --yes    run it on production hosts without a question
  -q, --quiet  no notes about the output
`,
  ownsOutput: true,
  failedStatus: notRunStatus,
  async run(args) {
    const { values, positionals } = parseOptions(args, {
      only: { type: "string" },
      gather: { type: "boolean" },
      batch: { type: "boolean" },
      yes: { type: "boolean", short: "y" },
      quiet: { type: "boolean", short: "q" },
    });
    const [word] = takeWords(positionals, "JOB");
    const only = parts.find((part) => part === (values.only ?? "failed"));
    if (only === undefined) throw new UsageError(`--only must be one of: ${parts.join(", ")}.`);
    const ask = values.batch !== true;
    await using daemon = await reachDaemon();
    const job = await findJob(daemon, word);
    const { hosts, production } = await meant(daemon, job, only);
    if (values.quiet !== true && hosts.length > 0) warn(foldNames(hosts));
    const isAgreed =
      production.length === 0 || values.yes === true || (await confirmJob({ request: job, ask }, production));
    if (!isAgreed) return notRunStatus;
    const prompts = ask && hasTerminal() ? "ask" : "fail";
    const body = { only, prompts, agentSocket: agentSocketOf(process.env) } as const;
    const again = await daemon.call("rerunJob", { params: { job: job.id }, body });
    const view = { json: false, raw: false, quiet: values.quiet === true, verbose: false };
    const show = values.gather === true ? "groups" : "lines";
    return await followJob(daemon, again, { view, show, failedTo: undefined });
  },
};

function meant(daemon: Daemon, job: Job, only: (typeof parts)[number]) {
  const targets = only === "all" ? job.hosts : [`@${only}:${job.id}`];
  return daemon.call("resolveTargets", { body: { targets } });
}
