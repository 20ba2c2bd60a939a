import * as vscode from "vscode";
import { exitStatusOf, notRunStatus } from "../../client/exit-status.ts";
import type { RunBytesEvent } from "../../client/run-events.ts";
import type { CompleteEvent } from "../../protocol/event.ts";
import { Problem } from "../../protocol/problem.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import { formatBytes } from "../../protocol/size.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { HostList } from "../hosts/host-list.ts";
import { hostOfRun } from "../hosts/unsaved-host.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import type { ConfirmCommand } from "../runs/command-confirmation.ts";
import { asking } from "../runs/runner.ts";
import type { RunTask } from "./run-task.ts";
import type { TaskOutput, TaskWork } from "./task-work.ts";

export interface RunWorkParts {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly own: OwnQuestions;
  readonly confirm: ConfirmCommand;
}

/** A task that is one run. */
export class RunWork implements TaskWork {
  readonly task: RunTask;
  readonly #parts: RunWorkParts;

  constructor(task: RunTask, parts: RunWorkParts) {
    this.task = task;
    this.#parts = parts;
  }

  async isUnderWay(id: string): Promise<boolean> {
    const run = await this.#parts.daemon.call("getRun", { params: { run: id } }).catch((failure: unknown) => {
      // The run, or the daemon's whole history, was deleted.
      if (failure instanceof Problem && failure.code === "run_unknown") return undefined;
      throw failure;
    });
    return run !== undefined && run.state !== "ended";
  }

  confirm(): Promise<boolean> {
    return this.#parts.confirm(this.#host(), this.task.command, this.task);
  }

  async begin(size: TerminalSize | undefined): Promise<string> {
    const { id } = await this.#parts.daemon.startRun({
      // For a host unknown to the window, the daemon decides whether it is a production host.
      production: this.#host() === undefined ? "refuse" : undefined,
      body: { ...this.task, ...(this.task.pty ? size : {}), ...asking() },
    });
    return id;
  }

  async follow(id: string, output: TaskOutput, signal: AbortSignal): Promise<number> {
    this.#parts.own.started(id);
    for await (const event of this.#parts.daemon.runEvents(id, signal)) {
      if (event.type !== "complete") await this.#take(event, output);
      else {
        tellEnd(event, output);
        return exitStatusOf(event);
      }
    }
    return notRunStatus;
  }

  async cancel(id: string): Promise<void> {
    await this.#parts.daemon.call("cancelRun", { params: { run: id }, body: {} });
  }

  async resize(id: string, size: TerminalSize): Promise<void> {
    if (!this.task.pty) return;
    // A run that has ended in the meantime has no terminal any more.
    await this.#parts.daemon.call("resizeRun", { params: { run: id }, body: size }).catch(() => undefined);
  }

  #host() {
    return hostOfRun(this.#parts.hosts.hosts, this.task.host);
  }

  async #take(event: Exclude<RunBytesEvent, CompleteEvent>, output: TaskOutput): Promise<void> {
    if (event.type === "error") output.say(event.problem.detail);
    else if (event.type === "gap") {
      output.say(vscode.l10n.t("{0} of {1} not recorded", formatBytes(event.to - event.from), event.stream));
    } else if (event.type === "output") {
      const text = event.bytes.toString();
      await output.write(this.task.pty ? text : text.replaceAll(/\r?\n/g, "\r\n"));
    }
  }
}

function tellEnd({ stopConfirmed, outcome }: CompleteEvent, output: TaskOutput): void {
  if (stopConfirmed === false) {
    output.say(vscode.l10n.t("The host did not confirm the end: the command may still run there."));
  } else if (outcome === "timedOut") {
    output.say(vscode.l10n.t("The command was stopped: it took longer than its timeout."));
  } else if (outcome === "unknown") {
    output.say(vscode.l10n.t("Unknown: connection lost. The command may still be running on the host."));
  }
}
