import * as vscode from "vscode";
import { HostLines } from "../../client/host-lines.ts";
import type { CompleteEvent } from "../../protocol/event.ts";
import type { JobEvent } from "../../protocol/job-event.ts";
import { Problem } from "../../protocol/problem.ts";
import { formatBytes } from "../../protocol/size.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { JobStarter } from "../jobs/job-starter.ts";
import { successLabel } from "../jobs/success-label.ts";
import { shortened } from "../plain-text.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import { asking } from "../runs/runner.ts";
import type { JobTask } from "./run-task.ts";
import type { TaskOutput, TaskWork } from "./task-work.ts";

export interface JobWorkParts {
  readonly daemon: Daemon;
  readonly own: OwnQuestions;
  readonly starter: JobStarter;
}

const failedStatus = 1;

/** A task that is a job: each line is prefixed with its host's name, as with `hostrun run`. */
export class JobWork implements TaskWork {
  readonly task: JobTask;
  readonly #parts: JobWorkParts;
  /** The hosts that the user has seen by name. */
  #hosts: readonly string[] = [];

  constructor(task: JobTask, parts: JobWorkParts) {
    this.task = task;
    this.#parts = parts;
  }

  async isUnderWay(id: string): Promise<boolean> {
    const job = await this.#parts.daemon.call("getJob", { params: { job: id } }).catch((failure: unknown) => {
      if (failure instanceof Problem && failure.code === "not_found") return undefined;
      throw failure;
    });
    return job !== undefined && job.state !== "ended";
  }

  /** Asks only about production hosts: the targets themselves are in tasks.json. */
  async confirm(): Promise<boolean> {
    const { daemon, starter } = this.#parts;
    const { targets } = this.task;
    const resolved = await daemon.call("resolveTargets", { body: { targets } });
    const { hosts, unknown } = resolved;
    if (unknown.length > 0 || hosts.length === 0) {
      const names = shortened((unknown.length > 0 ? unknown : targets).join(", "), 200);
      const message = vscode.l10n.t("There is no host for {0}. Nothing was run.", names);
      throw new Problem("invalid_request", message);
    }
    this.#hosts = hosts;
    return !starter.isRisky(resolved) || starter.confirm(resolved, this.task.command, this.task);
  }

  async begin(): Promise<string> {
    const body = { ...this.task, targets: [...this.#hosts], ...asking() };
    return (await this.#parts.daemon.call("createJob", { body })).id;
  }

  async follow(id: string, output: TaskOutput, signal: AbortSignal): Promise<number> {
    const names = new Map<string, string>();
    const lines = new HostLines((_stream, text) =>
      output.write(text.toString("utf8").replaceAll(/\r?\n/g, "\r\n")),
    );
    for await (const event of this.#parts.daemon.jobEvents(id, signal)) {
      if (event.type === "jobComplete") {
        const { exited0, ...others } = event.counts;
        const hosts = Object.values(others).reduce((sum, count) => sum + count, exited0);
        output.say(successLabel(exited0, hosts));
        return event.outcome === "succeeded" ? 0 : failedStatus;
      }
      if (event.type === "init") {
        this.#parts.own.started(event.runId);
        names.set(event.runId, event.run.host.name);
      }
      await this.#take(event, names.get(event.runId) ?? event.runId, { lines, output });
    }
    return failedStatus;
  }

  async cancel(id: string): Promise<void> {
    await this.#parts.daemon.call("cancelJob", { params: { job: id }, body: {} });
  }

  /** The terminals of a job's hosts keep their initial size, since there are many. */
  async resize(): Promise<void> {}

  async #take(
    event: Exclude<JobEvent, { type: "jobComplete" }>,
    host: string,
    { lines, output }: { readonly lines: HostLines; readonly output: TaskOutput },
  ): Promise<void> {
    if (event.type === "output") {
      await lines.take(host, event.stream, Buffer.from(event.data, event.encoding ?? "utf8"));
    } else if (event.type === "gap") {
      const lost = formatBytes(event.to - event.from);
      output.say(`${host}: ${vscode.l10n.t("{0} of {1} not recorded", lost, event.stream)}`);
    } else if (event.type === "error") output.say(`${host}: ${event.problem.detail}`);
    else if (event.type === "complete") {
      await lines.end(host);
      const ending = endingOf(event);
      if (ending !== undefined) output.say(`${host}: ${ending}`);
    }
  }
}

/** Undefined if it succeeded, or was reported already. */
function endingOf({ outcome, exitCode, signal }: CompleteEvent): string | undefined {
  switch (outcome) {
    case "exited":
      return exitCode === 0 ? undefined : vscode.l10n.t("exit status {0}", exitCode ?? "");
    case "signaled":
      return vscode.l10n.t("ended by signal {0}", signal ?? "");
    case "timedOut":
      return vscode.l10n.t("timed out");
    case "cancelled":
      return vscode.l10n.t("cancelled");
    case "unknown":
      return vscode.l10n.t("unknown: the command may still be running there");
    case "failed":
      return undefined;
  }
}
