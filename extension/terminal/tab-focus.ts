import { setTimeout as wait } from "node:timers/promises";
import type * as vscode from "vscode";

/** The first tab of a window loads for a second; a person may have gone elsewhere meanwhile. */
const maxWaitMs = 3000;
/** When the question before is answered, the window gives the keyboard back by itself, mostly to this tab. */
const returnMs = 100;

/** Whether the keyboard has come to the page of a tab. */
export class TabFocus implements Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #came = Promise.withResolvers<void>();
  #isOver = false;

  constructor(panel: vscode.WebviewPanel) {
    this.#panel = panel;
  }

  /** Resolves when the keyboard has come, the tab was left or closed, or after three seconds. */
  async arrival(): Promise<void> {
    await Promise.race([this.#came.promise, wait(maxWaitMs)]);
  }

  /** Brings the keyboard here, unless it comes by itself: to bring a tab to the front costs the window milliseconds. */
  async bring(): Promise<void> {
    await Promise.race([this.#came.promise, wait(returnMs)]);
    if (!this.#isOver) this.#panel.reveal();
  }

  /** It came, or nobody waits for it any more. */
  settle(): void {
    this.#isOver = true;
    this.#came.resolve();
  }

  [Symbol.dispose](): void {
    this.settle();
  }
}
