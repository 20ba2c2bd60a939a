import type * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";
import { commandLine, oneLine } from "../plain-text.ts";
import { tabIcon } from "./tab-icon.ts";

/** The window redraws its tabs for each change, which must not delay the first output of a run. */
const settleMs = 100;

/** The title and the icon of a run's tab: of several states in quick succession only the newest is shown. */
export class TabFace implements Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #extension: vscode.Uri;
  #timer: NodeJS.Timeout | undefined;

  constructor(panel: vscode.WebviewPanel, extension: vscode.Uri) {
    this.#panel = panel;
    this.#extension = extension;
  }

  show(run: Run): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const title = panelTitle(run);
      if (this.#panel.title !== title) this.#panel.title = title;
      this.#panel.iconPath = tabIcon(this.#extension, run);
    }, settleMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** The host and the command. */
export function panelTitle(run: Run): string {
  return `${oneLine(run.host.name)}: ${commandLine(run.command, 40)}`;
}
