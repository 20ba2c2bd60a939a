import * as vscode from "vscode";
import { PanelState } from "../../protocol/panel.ts";
import type { Run } from "../../protocol/run.ts";
import { messageHtml } from "./panel-html.ts";
import { isOtherLook, panelLook } from "./panel-look.ts";
import { PreparedPanel } from "./prepared-panel.ts";
import { RunPanel, type PanelContext, type RunStart } from "./run-panel.ts";
import { panelTitle } from "./tab-face.ts";

const panelType = "hostrun.run";

/** The tabs of runs: one for each run that is open. */
export class RunPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #context: PanelContext;
  readonly #panels = new Set<RunPanel>();
  readonly #subscription: vscode.Disposable;

  constructor(context: PanelContext) {
    this.#context = context;
    this.#subscription = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(panelType, this),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!isOtherLook(event)) return;
        for (const panel of this.#panels) panel.post({ type: "look", look: panelLook() });
      }),
    );
  }

  /** The tab that has the focus. */
  get active(): RunPanel | undefined {
    return [...this.#panels].find(({ panel }) => panel.active);
  }

  /** A tab for a run that may be started. */
  prepare(): PreparedPanel {
    const where = { viewColumn: vscode.ViewColumn.Active, preserveFocus: true };
    const create = (title: string): vscode.WebviewPanel =>
      vscode.window.createWebviewPanel(panelType, title, where);
    return new PreparedPanel(create, this.#context.extensionUri);
  }

  /** Shows a run that was just started, in the tab that was prepared for it, if any. */
  begin(run: Run, prepared: PreparedPanel): RunPanel {
    const taken = prepared.take();
    if (taken === undefined) return this.#openNew(run, true);
    const { panel, page, focused } = taken;
    const begun = this.#adopt(panel, { id: run.id, run, awaited: true, page, focused });
    begun.takeFocus();
    return begun;
  }

  /** Shows a run in its tab, which is created if necessary. `awaited`: it was just started. */
  open(run: Run, awaited = false): void {
    const open = [...this.#panels].find((panel) => panel.runId === run.id);
    if (open === undefined) this.#openNew(run, awaited);
    else open.panel.reveal();
  }

  /** Retries to show what could not be shown. */
  recover(): void {
    for (const panel of this.#panels) panel.recover();
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const parsed = PanelState.safeParse(state);
    if (parsed.success) this.#adopt(panel, { id: parsed.data.runId, awaited: false, page: "none" });
    // A tab that was prepared for a run; the input that it belonged to is gone.
    else if (state === undefined || state === null) panel.dispose();
    else {
      const detail = vscode.l10n.t("This tab no longer knows its run. Open the run from the Runs view.");
      panel.webview.html = messageHtml(vscode.l10n.t("No run"), detail);
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #openNew(run: Run, awaited: boolean): RunPanel {
    const panel = vscode.window.createWebviewPanel(panelType, panelTitle(run), vscode.ViewColumn.Active);
    return this.#adopt(panel, { id: run.id, awaited, page: "none" });
  }

  #adopt(webview: vscode.WebviewPanel, run: RunStart): RunPanel {
    const panel = new RunPanel(webview, run, this.#context);
    this.#panels.add(panel);
    webview.onDidDispose(() => this.#panels.delete(panel));
    return panel;
  }
}
