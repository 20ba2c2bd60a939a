import * as vscode from "vscode";
import type { Prompt } from "../../protocol/prompt.ts";

/** Which questions are for the person at this window: those of what was started here. */
export class OwnQuestions implements vscode.Disposable {
  readonly #runs = new Set<string>();
  #tests = 0;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  /** A run was started from here. */
  started(runId: string): void {
    this.#runs.add(runId);
    this.#changed.fire();
  }

  /** While a host is tested from here. */
  async testing<Result>(test: () => Promise<Result>): Promise<Result> {
    this.#tests += 1;
    this.#changed.fire();
    try {
      return await test();
    } finally {
      this.#tests -= 1;
    }
  }

  has({ runIds }: Prompt): boolean {
    return runIds.length === 0 ? this.#tests > 0 : runIds.some((id) => this.#runs.has(id));
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
