import * as vscode from "vscode";
import type { Job } from "../../protocol/job.ts";
import { JobPanelState } from "../../protocol/job-panel.ts";
import { messageHtml } from "../terminal/panel-html.ts";
import { JobPanel, type JobPanelContext, jobTitle } from "./job-panel.ts";

const panelType = "hostrun.job";

/** The tabs of jobs: one for each job that is open. */
export class JobPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  readonly #context: JobPanelContext;
  readonly #panels = new Set<JobPanel>();
  readonly #subscription: vscode.Disposable;

  constructor(context: JobPanelContext) {
    this.#context = context;
    this.#subscription = vscode.window.registerWebviewPanelSerializer(panelType, this);
  }

  open(job: Job): void {
    const open = [...this.#panels].find(({ jobId }) => jobId === job.id);
    if (open !== undefined) {
      open.panel.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(panelType, jobTitle(job), vscode.ViewColumn.Active);
    this.#adopt(panel, job.id);
  }

  /** Whether a job is visible now. */
  shows(jobId: string): boolean {
    return [...this.#panels].some((panel) => panel.jobId === jobId && panel.panel.visible);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const parsed = JobPanelState.safeParse(state);
    if (parsed.success) this.#adopt(panel, parsed.data.jobId);
    else {
      const detail = vscode.l10n.t("This tab no longer knows its job. Open the job from the Runs view.");
      panel.webview.html = messageHtml(vscode.l10n.t("No job"), detail);
    }
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #adopt(webview: vscode.WebviewPanel, jobId: string): void {
    const panel = new JobPanel(webview, jobId, this.#context);
    this.#panels.add(panel);
    webview.onDidDispose(() => this.#panels.delete(panel));
  }
}
