import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import { exitStatusOf, notRunStatus } from "../../client/exit-status.ts";
import type { RunBytesEvent } from "../../client/run-events.ts";
import type { CompleteEvent } from "../../protocol/event.ts";
import type { Run, TerminalSize } from "../../protocol/run.ts";
import { formatBytes } from "../../protocol/size.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { HostList } from "../hosts/host-list.ts";
import { hostOfRun } from "../hosts/unsaved-host.ts";
import { asProblem } from "../problem-report.ts";
import type { OwnQuestions } from "../prompts/own-questions.ts";
import type { ConfirmCommand } from "../runs/command-confirmation.ts";
import { RunTask } from "./run-task.ts";
import type { RunningTasks } from "./running-tasks.ts";

export interface TaskContext {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly own: OwnQuestions;
  readonly running: RunningTasks;
  readonly confirm: ConfirmCommand;
  /** Has the lists of hosts and runs read. */
  readonly start: () => Promise<void>;
  /** Aborted when the window goes: its runs stay. */
  readonly windowGone: AbortSignal;
}

const wrongUsage = 2;
const declined = 1;
/** VS Code takes output of a task without a limit, and draws it when it can. */
const burstCharacters = 1_048_576;
const restMs = 50;
/** A window that is being loaded anew closes its terminals first, and says so afterwards. */
const reloadMs = 1000;

/** The terminal of a task: its run from the first byte to the last, and the run's exit status as its own. */
export class TaskTerminal implements vscode.Pseudoterminal {
  readonly #definition: unknown;
  readonly #context: TaskContext;
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number>();
  readonly #gone = new AbortController();
  #task: RunTask | undefined;
  #run: Run | undefined;
  #size: TerminalSize | undefined;
  #burst = 0;

  readonly onDidWrite = this.#written.event;
  readonly onDidClose = this.#closed.event;

  /** `definition`: of tasks.json, its variables filled in. */
  constructor(definition: unknown, context: TaskContext) {
    this.#definition = definition;
    this.#context = context;
  }

  open(dimensions: vscode.TerminalDimensions | undefined): void {
    this.#size = sizeOf(dimensions);
    void this.#show().then(
      (status) => this.#closed.fire(status),
      (failure: unknown) => {
        if (this.#gone.signal.aborted) return;
        this.#say(asProblem(failure).message);
        this.#closed.fire(notRunStatus);
      },
    );
  }

  handleInput(data: string): void {
    if (data.includes("\u0003")) void this.#cancel();
  }

  setDimensions(dimensions: vscode.TerminalDimensions): void {
    this.#size = sizeOf(dimensions);
    const run = this.#run;
    if (run === undefined || this.#size === undefined || this.#task?.pty !== true) return;
    const input = { params: { run: run.id }, body: this.#size };
    // A run that has ended meanwhile has no terminal any more.
    void this.#context.daemon.call("resizeRun", input).catch(() => undefined);
  }

  /** The person ended the task, or closed its terminal: the command ends, too, unless only the window goes. */
  close(): void {
    this.#gone.abort();
    const run = this.#run;
    if (run === undefined || !this.#context.running.hide(run.id)) return;
    void delay(reloadMs).then(() => (this.#context.windowGone.aborted ? undefined : this.#cancel()));
  }

  async #show(): Promise<number> {
    const { hosts, own, running, confirm, start } = this.#context;
    if (!vscode.workspace.isTrusted) {
      this.#say(vscode.l10n.t("A workspace that is not trusted runs nothing on hosts."));
      return declined;
    }
    const { success, data: task, error } = RunTask.safeParse(this.#definition);
    if (!success) {
      for (const { path, message } of error.issues) this.#say(`tasks.json: ${path.join(".")}: ${message}`);
      return wrongUsage;
    }
    this.#task = task;
    await start();
    const host = hostOfRun(hosts.hosts, task.host);
    const started = await running.start(task, {
      size: this.#size,
      isKnown: host !== undefined,
      confirm: () => confirm(host, task.command, {}),
    });
    if (started === undefined) {
      this.#say(vscode.l10n.t("Not run."));
      return declined;
    }
    const { run, isNew } = started;
    this.#run = run;
    own.started(run.id);
    running.show(run.id);
    if (this.#gone.signal.aborted) this.close();
    if (!isNew) this.#say(vscode.l10n.t("This task is running already. Its output from the beginning:"));
    return this.#follow(run);
  }

  async #follow(run: Run): Promise<number> {
    const { signal } = this.#gone;
    for await (const event of this.#context.daemon.runEvents(run.id, signal)) {
      if (event.type === "complete") return this.#complete(event);
      await this.#take(event);
    }
    return notRunStatus;
  }

  async #complete(event: CompleteEvent): Promise<number> {
    const { running } = this.#context;
    running.hide(event.runId);
    this.#run = undefined;
    await running.ended(event.runId);
    if (event.stopConfirmed === false) {
      this.#say(vscode.l10n.t("The host did not confirm the end: the command may still run there."));
    } else if (event.outcome === "timedOut") {
      this.#say(vscode.l10n.t("The command was stopped: it took longer than its timeout."));
    } else if (event.outcome === "unknown") {
      this.#say(vscode.l10n.t("Unknown: connection lost. The command may still be running on the host."));
    }
    return exitStatusOf(event);
  }

  async #take(event: Exclude<RunBytesEvent, CompleteEvent>): Promise<void> {
    if (event.type === "error") this.#say(event.problem.detail);
    else if (event.type === "gap") {
      this.#say(vscode.l10n.t("{0} of {1} not recorded", formatBytes(event.to - event.from), event.stream));
    } else if (event.type === "output") {
      const text = event.bytes.toString();
      this.#written.fire(this.#task?.pty === true ? text : text.replaceAll(/\r?\n/g, "\r\n"));
      this.#burst += text.length;
      if (this.#burst < burstCharacters) return;
      this.#burst = 0;
      await delay(restMs);
    }
  }

  #say(text: string): void {
    this.#written.fire(`hostrun: ${visibleLine(text, 1000)}\r\n`);
  }

  async #cancel(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    const { daemon } = this.#context;
    await daemon.call("cancelRun", { params: { run: run.id }, body: {} }).catch((failure: unknown) => {
      this.#say(asProblem(failure).message);
    });
  }
}

function sizeOf(dimensions: vscode.TerminalDimensions | undefined): TerminalSize | undefined {
  return dimensions && { cols: dimensions.columns, rows: dimensions.rows };
}
