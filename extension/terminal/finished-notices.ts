import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { linkless, oneLine, shortened } from "../plain-text.ts";
import { stateLabel } from "../runs/run-labels.ts";
import { isGood, isWorthNotice, type NoticeSetting } from "./worth-notice.ts";

/** The tab that shows a run, or did. */
export interface RunTab {
  /** Whether the run is visible there now. */
  shows(runId: string): boolean;
}

/** Notifies the user of runs that ended while their tab was hidden or after it was closed. */
export class FinishedNotices implements vscode.Disposable {
  readonly #daemon: Daemon;
  readonly #open: (run: Run) => void;
  readonly #subscription: vscode.Disposable;
  /** By the runs' ids. */
  readonly #watched = new Map<string, RunTab>();

  constructor(daemon: Daemon, open: (run: Run) => void) {
    this.#daemon = daemon;
    this.#open = open;
    this.#subscription = daemon.onDidChange((change) => {
      if (change.type === "runChanged") this.#take(change.run);
      else if (change.type === "reset") void this.#lookAgain();
    });
  }

  /** A run is active that is, or was, shown in a tab. */
  watch(runId: string, tab: RunTab): void {
    this.#watched.set(runId, tab);
  }

  /** It has ended, and this was seen. */
  forget(runId: string): void {
    this.#watched.delete(runId);
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  /** Changes may have been missed. */
  async #lookAgain(): Promise<void> {
    for (const id of this.#watched.keys()) {
      const run = await this.#daemon.call("getRun", { params: { run: id } }).catch(() => undefined);
      if (run === undefined) this.#watched.delete(id);
      else this.#take(run);
    }
  }

  #take(run: Run): void {
    const tab = this.#watched.get(run.id);
    if (tab === undefined || run.state !== "ended") return;
    this.#watched.delete(run.id);
    const setting = vscode.workspace.getConfiguration("hostrun").get<NoticeSetting>("notifyFinished", "long");
    if (!tab.shows(run.id) && isWorthNotice(run, setting)) void this.#notify(run);
  }

  async #notify(run: Run): Promise<void> {
    const show = vscode.l10n.t("Show Output");
    const [host, command] = [oneLine(run.host.name), shortened(run.command, 100)];
    const text = linkless(vscode.l10n.t("Run finished on {0}: {1} ({2})", host, command, stateLabel(run)));
    const answer = isGood(run)
      ? await vscode.window.showInformationMessage(text, show)
      : await vscode.window.showWarningMessage(text, show);
    if (answer === show) this.#open(run);
  }
}
