import type { Daemon } from "../../client/daemon.ts";
import { notRunStatus } from "../../client/exit-status.ts";
import type { Job } from "../../protocol/job.ts";
import type { Remember } from "../../protocol/prompt.ts";
import { warn } from "../console.ts";
import { LineSink } from "../line-sink.ts";
import { reviver } from "../daemon-script.ts";
import { OutputFailure } from "../output.ts";
import { TerminalPrompts } from "../prompts/terminal-prompts.ts";
import { onInterrupt, warnCancelling, warnDetached } from "../run/interrupt.ts";
import { warnOfLostJob } from "../run/lost-stream.ts";
import type { JobShow, ViewOptions } from "../run/show-options.ts";
import { Sink } from "../run/sink.ts";
import { printCsv } from "./csv.ts";
import type { FailedTo } from "./failed-to.ts";
import { printDifferences, printGroups } from "./groups.ts";
import { JobView } from "./job-view.ts";
import { ProgressLine } from "./progress-line.ts";
import { summarize } from "./summary.ts";

const cancelMs = 5000;
const failedStatus = 1;

export interface JobFollowing {
  readonly view: ViewOptions;
  readonly show: JobShow;
  readonly failedTo: FailedTo | undefined;
  readonly remember: Remember;
}

/** Shows a job until it ends, and cancels it on Ctrl-C; the exit status is 0 only if every host's was. */
export async function followJob(daemon: Daemon, job: Job, following: JobFollowing): Promise<number> {
  const { view, show, failedTo } = following;
  const cancel = async (): Promise<void> => {
    const signal = AbortSignal.timeout(cancelMs);
    await daemon
      .call("cancelJob", { params: { job: job.id }, body: {}, signal })
      .catch((error: unknown) => warn(`The job could not be cancelled: ${String(error)}`));
  };
  let isOver = false;
  using progress = progressOf(job, view);
  using interrupt = onInterrupt(
    () => {
      // While results are printed there is nothing to cancel.
      if (isOver) process.exit(interrupt.status);
      progress?.erase();
      warnCancelling();
      void cancel();
    },
    () => {
      progress?.erase();
      warnDetached(`hostrun jobs show ${job.id}`);
    },
  );
  try {
    await showEvents(daemon, job, { ...following, progress });
    // Drawn again, it would appear before the results of the job.
    progress?.[Symbol.dispose]();
    isOver = true;
    if (!view.json) await showResults(daemon, job, show);
  } catch (error) {
    if (!(error instanceof OutputFailure)) throw error;
    if (!error.readerGone) warn(`${error.message}; cancelling the job.`);
    await cancel();
    return error.status;
  }
  const ended = await daemon.ask("getJob", { params: { job: job.id } });
  if (!view.quiet) await summarize(daemon, ended);
  const notWritten = await failedTo?.write(await failedHosts(daemon, ended));
  if (notWritten !== undefined) {
    warn(notWritten);
    return notRunStatus;
  }
  return interrupt.status ?? (ended.outcome === "succeeded" ? 0 : failedStatus);
}

function progressOf(job: Job, { quiet }: ViewOptions): ProgressLine | undefined {
  const { stderr } = process;
  const isTold = stderr.isTTY && process.env["TERM"] !== "dumb" && !quiet;
  return isTold ? new ProgressLine(job, stderr) : undefined;
}

async function showEvents(
  daemon: Daemon,
  job: Job,
  { view, show, remember, progress }: JobFollowing & { readonly progress: ProgressLine | undefined },
): Promise<void> {
  const { id, options } = job;
  const jobView = new JobView(view, { prompts: new TerminalPrompts(daemon, remember), progress });
  const output = view.json || show === "lines";
  const revive = options.durable === true ? reviver() : undefined;
  try {
    for await (const { event } of daemon.jobEvents(id, { output, revive })) await jobView.take(event);
  } catch (failure) {
    progress?.erase();
    warnOfLostJob(failure, job);
    throw failure;
  }
}

async function showResults(daemon: Daemon, job: Job, show: JobShow): Promise<void> {
  const stdout = new Sink("stdout");
  if (show === "groups") await printGroups(daemon, job.id, stdout);
  else if (show === "differences") await printDifferences(daemon, job.id, stdout);
  else if (show === "csv") await printCsv(daemon, job, new LineSink(stdout, process.stdout.isTTY));
}

/** Includes those that never started. */
async function failedHosts(daemon: Daemon, { id }: Job): Promise<string[]> {
  const targets = [`@failed:${id}`, `@unfinished:${id}`];
  const { hosts, unknown } = await daemon.ask("resolveTargets", { body: { targets } });
  // Hosts that were deleted in the meantime are reported as unknown.
  return [...hosts, ...unknown];
}
