import * as vscode from "vscode";
import type { Prompt } from "../../protocol/prompt.ts";

/** Which questions are for the person at this window: those of what was started here. */
export class OwnQuestions implements vscode.Disposable {
  readonly #runs = new Set<string>();
  #others = 0;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  /** A run was started from here. */
  started(runId: string): void {
    this.#runs.add(runId);
    this.#changed.fire();
  }

  /** While something is done from here that is no run, such as a test of a host. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#others += 1;
    this.#changed.fire();
    try {
      return await work();
    } finally {
      this.#others -= 1;
    }
  }

  has({ runIds }: Prompt): boolean {
    return runIds.length === 0 ? this.#others > 0 : runIds.some((id) => this.#runs.has(id));
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
