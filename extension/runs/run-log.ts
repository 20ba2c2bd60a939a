import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { shortened } from "../plain-text.ts";
import { asProblem, isAbort, type ProblemReport } from "../problem-report.ts";
import { runLogText } from "./run-log-text.ts";

const scheme = "hostrun-log";
/** Limits reading the events of a run with much output, or of one that is running: those received by then are shown. */
const readingMs = 5000;

/** Shows the debug log of one run as a document. */
export class RunLog implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #report: ProblemReport;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registered: vscode.Disposable;

  readonly onDidChange = this.#changed.event;

  constructor(daemon: Daemon, report: ProblemReport) {
    this.#daemon = daemon;
    this.#report = report;
    this.#registered = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** Reports failures. */
  async show(run: Pick<Run, "id" | "command" | "host">): Promise<void> {
    const name = `${run.host.name} ${shortened(run.command, 40)}`.replaceAll(/[^\w.=+-]+/g, " ").trim();
    const uri = vscode.Uri.from({ scheme, path: `/${name}.log`, query: run.id });
    await this.#report.attempt(vscode.l10n.t("The log of the run could not be shown"), async () => {
      // A document that is already open may be outdated.
      this.#changed.fire(uri);
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.languages.setTextDocumentLanguage(document, "log");
      await vscode.window.showTextDocument(document, { preview: true });
    });
  }

  /** VS Code does not show why this fails: the reason becomes the text. */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    try {
      return await this.#read(uri.query);
    } catch (failure) {
      return `${asProblem(failure).message}\n`;
    }
  }

  dispose(): void {
    vscode.Disposable.from(this.#registered, this.#changed).dispose();
  }

  async #read(id: string): Promise<string> {
    const run = await this.#daemon.call("getRun", { params: { run: id } });
    const log = runLogText(run);
    const signal = AbortSignal.timeout(run.state === "ended" ? readingMs : 500);
    try {
      for await (const event of this.#daemon.runEvents(id, signal)) log.add(event);
    } catch (failure) {
      if (!isAbort(failure) && !signal.aborted) throw failure;
      log.cut();
    }
    return log.text();
  }
}
