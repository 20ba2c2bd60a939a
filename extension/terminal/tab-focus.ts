import { setTimeout as wait } from "node:timers/promises";
import type * as vscode from "vscode";
import { isInputOpen } from "../input/open-inputs.ts";

/** The first tab of a window loads for a second, on a busy machine for several; the user may have switched to another window. */
const maxWaitMs = 10_000;
/** When the previous input closes, VS Code returns the focus by itself, usually to this tab. */
const returnMs = 100;

/** Whether the page of a tab has received the focus. */
export class TabFocus implements Disposable {
  readonly #panel: Pick<vscode.WebviewPanel, "reveal">;
  readonly #came = Promise.withResolvers<void>();
  #isOver = false;

  constructor(panel: Pick<vscode.WebviewPanel, "reveal">) {
    this.#panel = panel;
  }

  /** Resolves when the focus has arrived, the tab was left or closed, or after ten seconds. */
  async arrival(): Promise<void> {
    await Promise.race([this.#came.promise, wait(maxWaitMs)]);
  }

  /**
   * Moves the focus here, unless it arrives by itself: revealing a tab costs the window milliseconds. Not from an input
   * that was opened in the meantime: what is typed there would go to the tab.
   */
  async bring(): Promise<void> {
    await Promise.race([this.#came.promise, wait(returnMs)]);
    if (!this.#isOver && !isInputOpen()) this.#panel.reveal();
  }

  /** It has arrived, or nothing waits for it any more. */
  settle(): void {
    this.#isOver = true;
    this.#came.resolve();
  }

  [Symbol.dispose](): void {
    this.settle();
  }
}
