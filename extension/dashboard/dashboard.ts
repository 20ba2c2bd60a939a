import * as vscode from "vscode";
import { FromDashboard, type ToDashboard } from "../../protocol/dashboard.ts";
import type { Connection } from "../../protocol/stats.ts";
import type { DaemonLink } from "../daemon/link.ts";
import { describeState } from "../daemon/status-bar.ts";
import { oneLine } from "../plain-text.ts";
import { asProblem, type ProblemReport } from "../problem-report.ts";
import { pageHtml, webviewRoot } from "../terminal/panel-html.ts";
import { tabIcon } from "../terminal/tab-icon.ts";

const type = "hostrun.dashboard";
/** For values that change continuously: the daemon's uptime and memory. */
const everyMs = 10_000;
/** For changes that the daemon reports. */
const atMostEveryMs = 1000;

export interface DashboardParts {
  readonly daemon: DaemonLink;
  readonly report: ProblemReport;
  readonly extensionUri: vscode.Uri;
}

/**
 * The tab with the daemon's metrics: there is only one, updated periodically while it is visible and when something
 * has changed.
 */
export class Dashboard implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #parts: DashboardParts;
  readonly #owned: vscode.Disposable[];
  #panel: vscode.WebviewPanel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #connections: readonly Connection[] = [];

  constructor(parts: DashboardParts) {
    this.#parts = parts;
    const { daemon } = parts;
    this.#owned = [
      vscode.window.registerWebviewPanelSerializer(type, this),
      daemon.onDidChange(() => this.#lookSoon()),
      daemon.onDidChangeState(() => this.#lookSoon()),
    ];
  }

  show(): void {
    if (this.#panel !== undefined) this.#panel.reveal();
    else {
      const title = vscode.l10n.t("Hostrun Dashboard");
      this.#adopt(vscode.window.createWebviewPanel(type, title, vscode.ViewColumn.Active));
    }
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.#panel === undefined) this.#adopt(panel);
    else panel.dispose();
    return Promise.resolve();
  }

  dispose(): void {
    this.#panel?.dispose();
    this.#rest();
    vscode.Disposable.from(...this.#owned).dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.#parts;
    this.#panel = panel;
    panel.iconPath = tabIcon(extensionUri);
    panel.webview.options = { enableScripts: true, localResourceRoots: [webviewRoot(extensionUri)] };
    panel.onDidDispose(() => {
      this.#panel = undefined;
      this.#rest();
    });
    panel.onDidChangeViewState(() => (panel.visible ? this.#lookSoon() : this.#rest()));
    panel.webview.onDidReceiveMessage((message: unknown) => {
      const { success, data } = FromDashboard.safeParse(message);
      if (!success) return;
      if (data.type === "ready") void this.#begin();
      else void this.#close(data.id);
    });
    const body = '<div id="app"></div>';
    panel.webview.html = pageHtml(panel.webview, extensionUri, {
      title: panel.title,
      body,
      bundle: "dashboard",
    });
  }

  /** Opening the dashboard starts a daemon; later a stopped one is left alone. */
  async #begin(): Promise<void> {
    await this.#parts.daemon.open().catch(() => undefined);
    await this.#look();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookSoon(): void {
    if (this.#panel?.visible !== true) return;
    const wait = Math.max(0, this.#lookedAt + atMostEveryMs - performance.now());
    this.#lookIn(wait);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    const { daemon } = this.#parts;
    this.#lookedAt = performance.now();
    if (daemon.state.kind !== "connected") this.#post({ type: "away", message: describeState(daemon.state) });
    else {
      try {
        // A daemon that was just stopped must not be started.
        const asked = [daemon.callRunning("stats"), daemon.callRunning("listConnections")] as const;
        const [stats, { items }] = await Promise.all(asked);
        this.#connections = items;
        this.#post({ type: "metrics", stats, connections: items });
      } catch (failure) {
        this.#post({ type: "away", message: asProblem(failure).message });
      }
    }
    if (this.#panel?.visible === true) this.#lookIn(everyMs);
  }

  #post(message: ToDashboard): void {
    void this.#panel?.webview.postMessage(message);
  }

  /** Asks first if runs use it, since they would end as unknown. */
  async #close(id: string): Promise<void> {
    const connection = this.#connections.find((each) => each.id === id);
    if (connection === undefined) return;
    const { state, host } = connection;
    if (state === "busy" && !(await mayClose(host))) return;
    const { daemon, report } = this.#parts;
    await report.attempt(vscode.l10n.t("The connection could not be closed"), async () => {
      await daemon.call("closeConnection", { params: { connection: id } });
    });
    this.#lookSoon();
  }
}

async function mayClose(host: string): Promise<boolean> {
  const action = vscode.l10n.t("Close Connection");
  const detail = vscode.l10n.t(
    "Commands that run over it lose their connection, and how they end stays unknown.",
  );
  const question = vscode.l10n.t("Close the connection to {0}, which is in use?", oneLine(host));
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, action)) === action;
}
