import * as vscode from "vscode";
import { FromPanel, type ToPanel } from "../../protocol/panel.ts";
import { preparePage } from "./panel-html.ts";
import { panelLook, translatedPanelLabels } from "./panel-look.ts";

export interface PreparedTab {
  readonly panel: vscode.WebviewPanel;
  readonly page: "loading" | "ready";
  /** Whether it has had the keyboard focus. */
  readonly focused: boolean;
}

/**
 * A tab for a run that may be started soon: its page is loaded in advance, since that takes most of the time from
 * Enter to the first output. It takes no focus while the user is typing, and is disposed of if it is not used.
 */
export class PreparedPanel implements Disposable {
  readonly #create: (title: string) => vscode.WebviewPanel;
  readonly #extension: vscode.Uri;
  #panel: vscode.WebviewPanel | undefined;
  #page: PreparedTab["page"] = "loading";
  #focused = false;
  #subscription: vscode.Disposable | undefined;

  constructor(create: (title: string) => vscode.WebviewPanel, extension: vscode.Uri) {
    this.#create = create;
    this.#extension = extension;
  }

  /** Starts to load, unless it has started already. */
  load(title: string): void {
    if (this.#subscription !== undefined) return;
    const panel = this.#create(title);
    this.#panel = panel;
    this.#subscription = vscode.Disposable.from(
      panel.webview.onDidReceiveMessage((message: unknown) => {
        const type = FromPanel.safeParse(message).data?.type;
        if (type === "ready") this.#loaded(panel);
        // When the input for the command closes, the focus moves to the active tab.
        else if (type === "focused") this.#focused = true;
      }),
      panel.onDidChangeViewState(() => {
        // A page that was hidden is reloaded when it is shown again.
        if (!panel.visible) this.#page = "loading";
      }),
      panel.onDidDispose(() => {
        this.#panel = undefined;
      }),
    );
    preparePage(panel, this.#extension);
  }

  #loaded(panel: vscode.WebviewPanel): void {
    this.#page = "ready";
    const message: ToPanel = { type: "prepare", look: panelLook(), words: translatedPanelLabels() };
    void panel.webview.postMessage([message]);
  }

  /** Hands the tab over to a run; undefined if there is none, e.g. because the user closed it. */
  take(): PreparedTab | undefined {
    const panel = this.#panel;
    this.#panel = undefined;
    return panel === undefined ? undefined : { panel, page: this.#page, focused: this.#focused };
  }

  [Symbol.dispose](): void {
    this.#subscription?.dispose();
    this.#panel?.dispose();
  }
}
