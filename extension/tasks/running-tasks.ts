import { createHash } from "node:crypto";
import type * as vscode from "vscode";
import type { TerminalSize } from "../../protocol/run.ts";
import type { TaskWork } from "./task-work.ts";

const memoryKey = "hostrun.runningTasks";

/**
 * The active runs and jobs of tasks. VS Code may start a task a second time, after a window reload or for two tasks
 * that depend on it: the second one shows the existing run or job.
 */
export class RunningTasks {
  readonly #memory: vscode.Memento;
  readonly #starting = new Map<string, Promise<string>>();
  /** The number of terminals that show a run or a job. */
  readonly #shown = new Map<string, number>();

  /** `memory`: the workspace's, which outlives the window. */
  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** The id of this task's active run or job, or of a new one, once the user allows it; undefined if they do not. */
  async start(
    work: TaskWork,
    size: TerminalSize | undefined,
  ): Promise<{ readonly id: string; readonly isNew: boolean } | undefined> {
    const key = createHash("sha256").update(JSON.stringify(work.task)).digest("hex");
    const present = await this.#present(key, work);
    if (present !== undefined) return { id: present, isNew: false };
    if (!(await work.confirm())) return undefined;
    const other = this.#starting.get(key);
    if (other !== undefined) return { id: await other, isNew: false };
    const starting = this.#begin(key, work, size);
    this.#starting.set(key, starting);
    try {
      return { id: await starting, isNew: true };
    } finally {
      this.#starting.delete(key);
    }
  }

  /** A terminal begins to show this run or job. */
  show(id: string): void {
    this.#shown.set(id, (this.#shown.get(id) ?? 0) + 1);
  }

  /** It no longer does; returns true if no other terminal does. */
  hide(id: string): boolean {
    const left = (this.#shown.get(id) ?? 1) - 1;
    if (left > 0) this.#shown.set(id, left);
    else this.#shown.delete(id);
    return left <= 0;
  }

  /** The run or job has ended: its task starts a new one. */
  async ended(id: string): Promise<void> {
    const kept = Object.entries(this.#ids()).filter(([, other]) => other !== id);
    await this.#memory.update(memoryKey, Object.fromEntries(kept));
  }

  async #begin(key: string, work: TaskWork, size: TerminalSize | undefined): Promise<string> {
    const id = await work.begin(size);
    await this.#memory.update(memoryKey, { ...this.#ids(), [key]: id });
    return id;
  }

  async #present(key: string, work: TaskWork): Promise<string | undefined> {
    const id = this.#ids()[key];
    if (id === undefined) return undefined;
    if (await work.isUnderWay(id)) return id;
    await this.ended(id);
    return undefined;
  }

  #ids(): Readonly<Record<string, string>> {
    return this.#memory.get<Record<string, string>>(memoryKey, {});
  }
}
