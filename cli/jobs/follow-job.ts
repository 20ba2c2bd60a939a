import { type FileHandle, open } from "node:fs/promises";
import type { Daemon } from "../../client/daemon.ts";
import type { Job } from "../../protocol/job.ts";
import { errorCode } from "../../state-directory/error-code.ts";
import { UsageError } from "../command.ts";
import { warn } from "../console.ts";
import { reviver } from "../daemon-script.ts";
import { OutputFailure } from "../output.ts";
import { onInterrupt } from "../run/interrupt.ts";
import type { JobShow, RunPlan, ViewOptions } from "../run/options.ts";
import { Sink } from "../run/sink.ts";
import { printCsv } from "./csv.ts";
import { printDifferences, printGroups } from "./groups.ts";
import { JobView } from "./job-view.ts";
import { ProgressLine } from "./progress-line.ts";
import { summarize } from "./summary.ts";

const cancelMs = 5000;
const failedStatus = 1;

export interface JobFollowing {
  readonly view: ViewOptions;
  readonly show: JobShow;
  /** Open for writing. */
  readonly failedTo: FileHandle | undefined;
}

/** Before anything runs: a file that cannot be written is told in time. */
export async function openFailedTo({ failedTo }: Pick<RunPlan, "failedTo">): Promise<FileHandle | undefined> {
  if (failedTo === undefined) return undefined;
  try {
    return await open(failedTo, "w");
  } catch (failure) {
    throw new UsageError(
      `--failed-to is "${failedTo}", which cannot be written: ${errorCode(failure) ?? ""}.`,
    );
  }
}

/** Shows a job up to its end, and cancels it on Ctrl-C; the exit status is 0 only where every host's was. */
export async function followJob(daemon: Daemon, job: Job, following: JobFollowing): Promise<number> {
  const { view, show, failedTo } = following;
  const cancel = async (): Promise<void> => {
    const signal = AbortSignal.timeout(cancelMs);
    await daemon
      .call("cancelJob", { params: { job: job.id }, body: {}, signal })
      .catch((error: unknown) => warn(`The job could not be cancelled: ${String(error)}`));
  };
  using interrupt = onInterrupt(() => void cancel());
  try {
    await showEvents(daemon, job, following);
    if (!view.json) await showResults(daemon, job, show);
  } catch (error) {
    if (!(error instanceof OutputFailure)) throw error;
    if (!error.readerGone) warn(`${error.message}; cancelling the job.`);
    await cancel();
    return error.status;
  }
  const ended = await daemon.call("getJob", { params: { job: job.id } });
  if (failedTo !== undefined) await writeFailed(daemon, ended, failedTo);
  if (!view.quiet) await summarize(daemon, ended);
  return interrupt.status ?? (ended.outcome === "succeeded" ? 0 : failedStatus);
}

async function showEvents(daemon: Daemon, job: Job, { view, show }: JobFollowing): Promise<void> {
  const { id, hosts, options } = job;
  const { stderr } = process;
  const isTold = stderr.isTTY && process.env["TERM"] !== "dumb" && !view.quiet;
  using progress = isTold ? new ProgressLine(hosts.length, stderr) : undefined;
  const jobView = new JobView(daemon, view, progress);
  const output = view.json || show === "lines";
  const revive = options.durable === true ? reviver() : undefined;
  for await (const { event } of daemon.jobEvents(id, { output, revive })) await jobView.take(event);
}

async function showResults(daemon: Daemon, job: Job, show: JobShow): Promise<void> {
  const stdout = new Sink(process.stdout);
  if (show === "groups") await printGroups(daemon, job.id, stdout);
  else if (show === "differences") await printDifferences(daemon, job.id, stdout);
  else if (show === "csv") await printCsv(daemon, job, stdout);
}

/** Also those that never began. */
async function writeFailed(daemon: Daemon, { id }: Job, file: FileHandle): Promise<void> {
  const targets = [`@failed:${id}`, `@unfinished:${id}`];
  const { hosts, unknown } = await daemon.call("resolveTargets", { body: { targets } });
  // Hosts that were deleted meanwhile are known to nobody.
  await file.writeFile([...hosts, ...unknown].map((name) => `${name}\n`).join(""));
  await file.close();
}
