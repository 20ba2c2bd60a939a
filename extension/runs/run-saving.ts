import * as vscode from "vscode";
import { exportedRuns, type RunExportFormat } from "../../client/exported-runs.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { askFile, showSaved, writePieces } from "../saved-file.ts";

interface FormatItem extends vscode.QuickPickItem {
  readonly value: RunExportFormat;
  readonly ending: string;
}

/** Asks for a format and a file, and writes runs with their output there. Rejects with a Problem. */
export async function saveRuns(daemon: Daemon, runs: Iterable<Run> | AsyncIterable<Run>): Promise<void> {
  const items: FormatItem[] = [
    { label: vscode.l10n.t("Text"), value: "text", ending: "txt" },
    { label: "JSON", value: "json", ending: "json" },
    { label: "Markdown", value: "markdown", ending: "md" },
  ];
  const placeHolder = vscode.l10n.t("Choose the format to export the runs in");
  const format = await vscode.window.showQuickPick(items, { placeHolder });
  if (format === undefined) return;
  const file = await askFile(vscode.l10n.t("Export runs with their output"), `runs.${format.ending}`);
  if (file === undefined) return;
  await writePieces(file, exportedRuns(daemon, runs, format.value), 0o600);
  await showSaved(vscode.l10n.t("Exported to {0}.", file.fsPath), file);
}
