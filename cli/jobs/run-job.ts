import type { Daemon } from "../../client/daemon.ts";
import { foldNames } from "../../protocol/host-set.ts";
import type { Job, JobRequestInput } from "../../protocol/job.ts";
import type { JobEvent } from "../../protocol/job-event.ts";
import { formatBytes } from "../../protocol/size.ts";
import { visibleJson } from "../../protocol/visible.ts";
import { warn, warnOf } from "../console.ts";
import { OutputFailure } from "../output.ts";
import { reviver } from "../daemon-script.ts";
import { hasTerminal } from "../prompts/terminal.ts";
import { TerminalPrompts } from "../prompts/terminal-prompts.ts";
import { onInterrupt } from "../run/interrupt.ts";
import type { RunPlan } from "../run/options.ts";
import { confirmJob } from "../run/production.ts";
import { hasStdin } from "../run/stdin.ts";
import { Sink } from "../run/sink.ts";
import { HostLines } from "./host-lines.ts";
import { printGroups } from "./groups.ts";
import { summarize } from "./summary.ts";

const cancelMs = 5000;
const notRunStatus = 255;
const failedStatus = 1;

/** Runs a command on many hosts and shows it; the exit status is 0 only where every host's was. */
export async function runJob(daemon: Daemon, plan: RunPlan): Promise<number> {
  const { targets } = plan;
  const { hosts, production, unknown } = await daemon.call("resolveTargets", {
    body: { targets: [...targets] },
  });
  if (unknown.length === 0 && hosts.length > 0) {
    if (!plan.view.quiet) warn(`${countOf(hosts.length)}: ${foldNames(hosts)}`);
    if (production.length > 0 && !plan.yes && !(await confirmJob(plan, production))) return notRunStatus;
  }
  const { host: _, stdinOpen: _open, ...options } = plan.request;
  if (plan.readStdin && hasStdin() && !plan.view.quiet) {
    warn("Standard input is not passed on to several hosts.");
  }
  const prompts = plan.ask && hasTerminal() ? "ask" : "fail";
  const request: JobRequestInput = { ...options, ...plan.job, prompts, targets: [...targets] };
  const job = await daemon.call("createJob", { body: request });
  return show(daemon, job, plan);
}

function countOf(hosts: number): string {
  return hosts === 1 ? "1 host" : `${hosts} hosts`;
}

async function show(daemon: Daemon, { id }: Job, plan: RunPlan): Promise<number> {
  const cancel = async (): Promise<void> => {
    const signal = AbortSignal.timeout(cancelMs);
    await daemon
      .call("cancelJob", { params: { job: id }, body: {}, signal })
      .catch((error: unknown) => warn(`The job could not be cancelled: ${String(error)}`));
  };
  using interrupt = onInterrupt(() => void cancel());
  const view = new JobView(plan, new TerminalPrompts(daemon));
  try {
    const revive = plan.request.durable === true ? reviver() : undefined;
    for await (const { event } of daemon.jobEvents(id, { output: !plan.gather, revive })) {
      await view.take(event);
    }
    if (plan.gather && !plan.view.json) await printGroups(daemon, id, view.stdout);
  } catch (error) {
    if (!(error instanceof OutputFailure)) throw error;
    if (!error.readerGone) warn(`${error.message}; cancelling the job.`);
    await cancel();
    return error.status;
  }
  const job = await daemon.call("getJob", { params: { job: id } });
  if (!plan.view.quiet) await summarize(daemon, job);
  return interrupt.status ?? (job.outcome === "succeeded" ? 0 : failedStatus);
}

/** Shows the events of a job: a line of output behind its host's name, or everything as JSON. */
class JobView {
  readonly stdout = new Sink(process.stdout);
  readonly #stderr = new Sink(process.stderr);
  readonly #plan: RunPlan;
  readonly #prompts: TerminalPrompts;
  readonly #hosts = new Map<string, string>();
  readonly #lines = new HostLines((stream, text) =>
    (stream === "stdout" ? this.stdout : this.#stderr).write(text),
  );

  constructor(plan: RunPlan, prompts: TerminalPrompts) {
    this.#plan = plan;
    this.#prompts = prompts;
  }

  async take(event: JobEvent): Promise<void> {
    // Several runs that wait for one connection share a prompt.
    if (event.type === "prompt") this.#prompts.opened(event.prompt);
    else if (event.type === "promptClosed") this.#prompts.closed(event.promptId);
    if (this.#plan.view.json) {
      await this.stdout.write(`${visibleJson(JSON.stringify(event))}\n`);
      return;
    }
    if (event.type === "jobComplete") return;
    if (event.type === "init") this.#hosts.set(event.runId, event.run.host.name);
    const host = this.#hosts.get(event.runId) ?? event.runId;
    if (event.type === "output") {
      await this.#lines.take(host, event.stream, Buffer.from(event.data, event.encoding ?? "utf8"));
    } else if (event.type === "complete") await this.#lines.end(host);
    else await this.#note(event, host);
  }

  async #note(event: Exclude<JobEvent, { type: "jobComplete" }>, host: string): Promise<void> {
    const { verbose, quiet } = this.#plan.view;
    if (event.type === "gap" && !quiet) {
      await this.#lines.end(host);
      const lost = formatBytes(event.to - event.from);
      warn(
        `${host}: ${lost} of ${event.stream} lost: the record limit was exceeded before it was read here.`,
      );
    } else if (event.type === "status" && verbose) warn(`${host}: ${event.message}`);
    else if (event.type === "error" && verbose)
      warnOf({ message: event.problem.detail, members: event.problem });
  }
}
