import * as vscode from "vscode";
import type { Prompt } from "../../protocol/prompt.ts";

/** Which prompts are for the user of this window: those of what was started here. */
export class OwnQuestions implements vscode.Disposable {
  readonly #runs = new Set<string>();
  #others = 0;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  /** A run was started in this window. */
  started(runId: string): void {
    this.#runs.add(runId);
    this.#changed.fire();
  }

  /** While this window does something other than a run that may prompt, such as a host test. */
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
