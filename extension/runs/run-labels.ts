import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";

/** The state or outcome of a run, in a word or two. */
export function stateLabel(run: Run): string {
  switch (run.state) {
    case "queued":
      return vscode.l10n.t("waiting");
    case "connecting":
      return vscode.l10n.t("connecting");
    case "running":
      return vscode.l10n.t("running");
    case "ended":
      return endWords(run);
  }
}

/** In colours that the high-contrast themes also define, the same as in the run's tab. */
export function stateIcon(run: Run): vscode.ThemeIcon {
  if (run.state === "queued" || run.state === "connecting") return new vscode.ThemeIcon("circle-outline");
  if (run.state === "running") return icon("play-circle", "charts.blue");
  switch (run.outcome) {
    case "exited":
      return run.exitCode === 0 ? icon("pass", "charts.green") : icon("error", "charts.red");
    case "cancelled":
      return icon("circle-slash", "charts.yellow");
    case "failed":
    case "signaled":
    case "timedOut":
      return icon("error", "charts.red");
    case "unknown":
    case null:
      return icon("question", "charts.yellow");
  }
}

/** "just now", "5 min ago", and from the next day on the date. */
export function relativeTime(at: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  if (seconds < 45) return vscode.l10n.t("just now");
  if (seconds < 3600) return vscode.l10n.t("{0} min ago", Math.max(1, Math.round(seconds / 60)));
  if (seconds < 86_400) return vscode.l10n.t("{0} h ago", Math.round(seconds / 3600));
  return new Date(at).toLocaleDateString(vscode.env.language, { dateStyle: "medium" });
}

function icon(name: string, color: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, new vscode.ThemeColor(color));
}

function endWords(run: Run): string {
  switch (run.outcome) {
    case "exited":
      return vscode.l10n.t("exit {0}", run.exitCode ?? "?");
    case "signaled":
      return vscode.l10n.t("ended by {0}", run.signal ?? "?");
    case "failed":
      return vscode.l10n.t("failed");
    case "timedOut":
      return vscode.l10n.t("timed out");
    case "cancelled":
      return vscode.l10n.t("cancelled");
    case "unknown":
    case null:
      return vscode.l10n.t("unknown");
  }
}
