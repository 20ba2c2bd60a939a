import * as vscode from "vscode";
import type { Job } from "../../protocol/job.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { linkless, shortened } from "../plain-text.ts";
import type { NoticeSetting } from "../terminal/worth-notice.ts";
import { successLabel } from "./success-label.ts";

/** The same as for a run. */
const longJobMs = 10_000;

export interface JobNoticesParts {
  readonly daemon: Daemon;
  readonly open: (job: Job) => void;
  /** Whether a job is visible in this window. */
  readonly shows: (jobId: string) => boolean;
}

/** Notifies the user of this window's jobs that ended while they, or the window, were not visible. */
export class JobNotices implements vscode.Disposable {
  readonly #parts: JobNoticesParts;
  readonly #subscription: vscode.Disposable;
  readonly #watched = new Set<string>();

  constructor(parts: JobNoticesParts) {
    this.#parts = parts;
    this.#subscription = parts.daemon.onDidChange((change) => {
      if (change.type === "jobChanged" && change.job.state === "ended") this.#ended(change.job);
    });
  }

  watch(job: Job): void {
    this.#watched.add(job.id);
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #ended(job: Job): void {
    if (!this.#watched.delete(job.id) || !isWorthNotice(job)) return;
    if (vscode.window.state.focused && this.#parts.shows(job.id)) return;
    void this.#notify(job);
  }

  async #notify(job: Job): Promise<void> {
    const show = vscode.l10n.t("Show Results");
    const command = shortened(job.command, 100);
    const { exited0 } = job.counts;
    const text = linkless(
      vscode.l10n.t("Job finished: {0} Command: {1}", successLabel(exited0, job.hosts.length), command),
    );
    const answer =
      job.outcome === "succeeded"
        ? await vscode.window.showInformationMessage(text, show)
        : await vscode.window.showWarningMessage(text, show);
    if (answer === show) this.#parts.open(job);
  }
}

/** Follows the same setting as a run. */
function isWorthNotice({ outcome, createdAt, endedAt }: Job): boolean {
  const setting = vscode.workspace.getConfiguration("hostrun").get<NoticeSetting>("notifyFinished", "long");
  if (setting === "never" || outcome === "cancelled") return false;
  if (setting === "always" || outcome === "failed") return true;
  return setting === "long" && Date.parse(endedAt ?? createdAt) - Date.parse(createdAt) >= longJobMs;
}
