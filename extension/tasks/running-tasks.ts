import { createHash, randomUUID } from "node:crypto";
import type * as vscode from "vscode";
import { Problem } from "../../protocol/problem.ts";
import type { Run, TerminalSize } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { asking } from "../runs/runner.ts";
import type { RunTask } from "./run-task.ts";

const memoryKey = "hostrun.runningTasks";

/** How a task begins, where it is not running already. */
export interface TaskStart {
  /** Of its terminal. */
  readonly size: TerminalSize | undefined;
  /** Whether the window knows the host: of any other one the daemon knows whether it is a production host. */
  readonly isKnown: boolean;
  /** Asks the person, where that is needed. */
  readonly confirm: () => Promise<boolean>;
}

/**
 * The runs of tasks that are under way. VS Code may start a task a second time, after a reload of the window or for two
 * tasks that depend on it: that one shows the run that there is.
 */
export class RunningTasks {
  readonly #daemon: Daemon;
  readonly #memory: vscode.Memento;
  readonly #starting = new Map<string, Promise<Run>>();
  /** How many terminals show a run. */
  readonly #shown = new Map<string, number>();

  /** `memory`: of the workspace, it outlives the window. */
  constructor(daemon: Daemon, memory: vscode.Memento) {
    this.#daemon = daemon;
    this.#memory = memory;
  }

  /** The run of this task that is under way, or a new one, once the person allows it; undefined: they do not. */
  async start(
    task: RunTask,
    how: TaskStart,
  ): Promise<{ readonly run: Run; readonly isNew: boolean } | undefined> {
    const key = createHash("sha256").update(JSON.stringify(task)).digest("hex");
    const present = await this.#present(key);
    if (present !== undefined) return { run: present, isNew: false };
    if (!(await how.confirm())) return undefined;
    const other = this.#starting.get(key);
    if (other !== undefined) return { run: await other, isNew: false };
    const starting = this.#begin(key, task, how);
    this.#starting.set(key, starting);
    try {
      return { run: await starting, isNew: true };
    } finally {
      this.#starting.delete(key);
    }
  }

  /** A terminal shows this run from now on. */
  show(runId: string): void {
    this.#shown.set(runId, (this.#shown.get(runId) ?? 0) + 1);
  }

  /** It does no longer; true when no other one does. */
  hide(runId: string): boolean {
    const left = (this.#shown.get(runId) ?? 1) - 1;
    if (left > 0) this.#shown.set(runId, left);
    else this.#shown.delete(runId);
    return left <= 0;
  }

  /** A run has ended: its task begins a new one. */
  async ended(runId: string): Promise<void> {
    const kept = Object.entries(this.#runIds()).filter(([, id]) => id !== runId);
    await this.#memory.update(memoryKey, Object.fromEntries(kept));
  }

  async #begin(key: string, task: RunTask, { size, isKnown }: TaskStart): Promise<Run> {
    const run = await this.#daemon.call("createRun", {
      query: isKnown ? {} : { production: "refuse" },
      body: { ...task, ...(task.pty ? size : {}), ...asking() },
      // The key makes it safe to send again when the connection to the daemon breaks in between.
      headers: { "idempotency-key": randomUUID() },
    });
    await this.#memory.update(memoryKey, { ...this.#runIds(), [key]: run.id });
    return run;
  }

  async #present(key: string): Promise<Run | undefined> {
    const id = this.#runIds()[key];
    if (id === undefined) return undefined;
    const run = await this.#daemon.call("getRun", { params: { run: id } }).catch((failure: unknown) => {
      // It was deleted, or its daemon's records were.
      if (failure instanceof Problem && failure.code === "run_unknown") return undefined;
      throw failure;
    });
    if (run !== undefined && run.state !== "ended") return run;
    await this.ended(id);
    return undefined;
  }

  #runIds(): Readonly<Record<string, string>> {
    return this.#memory.get<Record<string, string>>(memoryKey, {});
  }
}
