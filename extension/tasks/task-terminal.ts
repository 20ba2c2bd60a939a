import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import type * as z from "zod";
import { notRunStatus } from "../../client/exit-status.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { asProblem } from "../problem-report.ts";
import { JobWork, type JobWorkParts } from "./job-work.ts";
import { JobTask, RunTask } from "./run-task.ts";
import { RunWork, type RunWorkParts } from "./run-work.ts";
import type { RunningTasks } from "./running-tasks.ts";
import type { TaskWork } from "./task-work.ts";

export interface TaskContext extends RunWorkParts, JobWorkParts {
  readonly running: RunningTasks;
  /** Reads the lists of hosts and runs. */
  readonly start: () => Promise<void>;
  /** Aborted when the window closes: its runs continue. */
  readonly windowGone: AbortSignal;
}

const wrongUsage = 2;
const declined = 1;
/** VS Code accepts unlimited output from a task, and draws it when it can. */
const burstCharacters = 1_048_576;
const restMs = 50;
/** VS Code finds the problems in what it has drawn 100 ms after the end of a task; on a busy machine it draws later. */
const drawMs = 250;
/** A window that is reloading closes its terminals first, and deactivates the extension afterwards. */
const reloadMs = 1000;

/** The terminal of a task: its run or job from the first byte to the last, and an exit status. */
export class TaskTerminal implements vscode.Pseudoterminal {
  readonly #definition: unknown;
  readonly #context: TaskContext;
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number>();
  readonly #gone = new AbortController();
  #shown: { readonly work: TaskWork; readonly id: string } | undefined;
  #size: TerminalSize | undefined;
  #burst = 0;

  readonly onDidWrite = this.#written.event;
  readonly onDidClose = this.#closed.event;

  /** `definition`: from tasks.json, with its variables expanded. */
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
    if (this.#shown === undefined || this.#size === undefined) return;
    void this.#shown.work.resize(this.#shown.id, this.#size);
  }

  /** The user ended the task, or closed its terminal: the command is cancelled, unless the window itself closes. */
  close(): void {
    this.#gone.abort();
    const shown = this.#shown;
    if (shown === undefined || !this.#context.running.hide(shown.id)) return;
    void delay(reloadMs).then(() => (this.#context.windowGone.aborted ? undefined : this.#cancel()));
  }

  async #show(): Promise<number> {
    const { running, start } = this.#context;
    if (!vscode.workspace.isTrusted) {
      this.#say(vscode.l10n.t("Commands are not run on hosts from an untrusted workspace."));
      return declined;
    }
    const work = workOf(this.#definition, this.#context);
    if (!("task" in work)) {
      for (const { path, message } of work) this.#say(`tasks.json: ${path.join(".")}: ${message}`);
      return wrongUsage;
    }
    await start();
    const started = await running.start(work, this.#size);
    if (started === undefined) {
      this.#say(vscode.l10n.t("Not run."));
      return declined;
    }
    const { id, isNew } = started;
    this.#shown = { work, id };
    running.show(id);
    if (this.#gone.signal.aborted) this.close();
    if (!isNew) this.#say(vscode.l10n.t("This task is running already. Its output from the beginning:"));
    return this.#follow(work, id);
  }

  async #follow(work: TaskWork, id: string): Promise<number> {
    const { running } = this.#context;
    const { signal } = this.#gone;
    const output = { write: (text: string) => this.#write(text), say: (text: string) => this.#say(text) };
    const status = await work.follow(id, output, signal);
    // If the terminal was closed, `close` decides whether the run or job continues.
    if (signal.aborted) return status;
    running.hide(id);
    this.#shown = undefined;
    await running.ended(id);
    await delay(drawMs);
    return status;
  }

  async #write(text: string): Promise<void> {
    this.#written.fire(text);
    this.#burst += text.length;
    if (this.#burst < burstCharacters) return;
    this.#burst = 0;
    await delay(restMs);
  }

  #say(text: string): void {
    this.#written.fire(`hostrun: ${visibleLine(text, 1000)}\r\n`);
  }

  async #cancel(): Promise<void> {
    const shown = this.#shown;
    if (shown === undefined) return;
    await shown.work.cancel(shown.id).catch((failure: unknown) => this.#say(asProblem(failure).message));
  }
}

/** The work of a task, or the issues in its definition. */
function workOf(definition: unknown, context: TaskContext): TaskWork | readonly z.core.$ZodIssue[] {
  const isForMany = typeof definition === "object" && definition !== null && "targets" in definition;
  const named = isForMany && "host" in definition ? ["host"] : [];
  if (named.length > 0) {
    const message = vscode.l10n.t("cannot be combined with targets: a task runs on one host or on targets");
    return [{ code: "custom", path: named, message, input: definition }];
  }
  if (isForMany) {
    const { success, data, error } = JobTask.safeParse(definition);
    return success ? new JobWork(data, context) : error.issues;
  }
  const { success, data, error } = RunTask.safeParse(definition);
  return success ? new RunWork(data, context) : error.issues;
}

function sizeOf(dimensions: vscode.TerminalDimensions | undefined): TerminalSize | undefined {
  return dimensions && { cols: dimensions.columns, rows: dimensions.rows };
}
