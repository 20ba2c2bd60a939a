import type { Daemon } from "../../client/daemon.ts";
import { notRunStatus } from "../../client/exit-status.ts";
import { foldNames } from "../../protocol/host-set.ts";
import type { Job } from "../../protocol/job.ts";
import { agentSocketOf } from "../agent-socket.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { parseSecrets, secretOptions } from "../run/environment.ts";
import { confirmJob } from "../run/production.ts";
import { parseShow, parseView, resultHelp, resultOptions, viewOptions } from "../run/show-options.ts";
import { FailedTo } from "./failed-to.ts";
import { findJob } from "./find.ts";
import { followJob } from "./follow-job.ts";

/** Nowhere did it fail, but it did not finish everywhere. */
const unfinishedStatus = 1;
const parts = ["failed", "unfinished", "all"] as const;
type Part = (typeof parts)[number];

export const rerun: Command = {
  help: `Run a job's command again, and show it as \`hostrun run\` does.

Usage: hostrun jobs rerun JOB [OPTION...]

JOB is an id of \`hostrun jobs\`, the beginning of one, or last. What it was run with (--env,
--timeout, --batches, ...) holds again.

  --only PART             where it failed (failed), where it did not finish (unfinished),
                          or everywhere (all); by default where it failed
  --secret-env NAME       with this variable, by its value here; one that the job had is
                          kept nowhere, and so is needed again. May be repeated
  --remember              keep the passwords that are typed here in the daemon's memory
  --json, --format json   print the runs' events, a JSON object a line
  --raw                   with --json: shell noise on stderr, too
${resultHelp}  --batch                 never ask anything
  -y, --yes               run it on production hosts without a question
  -q, --quiet             no notes about the output
  -v, --verbose           say what happens on the way

Exit status: that of \`hostrun run\`. If there is no host left to run it on, nothing is run, and it
is 0, or 1 if the job failed nowhere but did not finish everywhere.
`,
  ownsOutput: true,
  failedStatus: notRunStatus,
  optionNames: { secretEnv: "--secret-env" },
  async run(args) {
    const { values, positionals } = parseOptions(args, options);
    const [word] = takeWords(positionals, "JOB");
    const only = parts.find((part) => part === (values.only ?? "failed"));
    if (only === undefined) throw new UsageError(`--only must be one of: ${parts.join(", ")}.`);
    const show = parseShow(values);
    const view = parseView(values);
    const secretEnv = parseSecrets(values["secret-env"] ?? [], process.env);
    const ask = values.batch !== true;
    const remember = values.remember === true ? "session" : "no";
    await using daemon = await reachDaemon();
    const job = await findJob(daemon, word);
    requireSecrets(job, secretEnv);
    const { hosts, production } = await meant(daemon, job, only);
    if (hosts.length === 0) return await nothingToRun(daemon, job, { only, quiet: view.quiet });
    if (!view.quiet) warn(foldNames(hosts));
    const isAgreed =
      production.length === 0 ||
      values.yes === true ||
      (await confirmJob(daemon, { request: job, ask }, production));
    if (!isAgreed) return notRunStatus;
    await using failedTo = await FailedTo.open(values["failed-to"]);
    const prompts = ask && hasTerminal() ? "ask" : "fail";
    const body = { only, prompts, secretEnv, agentSocket: agentSocketOf(process.env) } as const;
    const again = await daemon.call("rerunJob", { params: { job: job.id }, body });
    return await followJob(daemon, again, { view, show, failedTo, remember });
  },
};

const options = {
  ...viewOptions,
  ...resultOptions,
  ...secretOptions,
  only: { type: "string" },
  remember: { type: "boolean" },
  batch: { type: "boolean" },
  yes: { type: "boolean", short: "y" },
} as const;

/** The daemon would also reject this, but only after the question about production hosts. */
function requireSecrets({ options: { secretEnvNames = [] } }: Job, given: Readonly<Record<string, string>>) {
  const missing = secretEnvNames.filter((name) => !Object.hasOwn(given, name));
  if (missing.length === 0) return;
  const again = missing.map((name) => `--secret-env ${name}`).join(" ");
  throw new UsageError(`The job had secret variables, which are not kept. Give them again: ${again}.`);
}

/** Returns the exit status. */
async function nothingToRun(
  daemon: Daemon,
  job: Job,
  { only, quiet }: { readonly only: Part; readonly quiet: boolean },
): Promise<number> {
  const left = only === "failed" ? (await meant(daemon, job, "unfinished")).hosts : [];
  const instead = left.length === 0 ? "" : ` --only unfinished runs it on ${foldNames(left)}.`;
  if (!quiet) warn(`There is no host of the job to run it on (${only}): nothing was run.${instead}`);
  return left.length === 0 ? 0 : unfinishedStatus;
}

function meant(daemon: Daemon, job: Job, only: Part) {
  const targets = only === "all" ? job.hosts : [`@${only}:${job.id}`];
  return daemon.ask("resolveTargets", { body: { targets } });
}
