import { createWriteStream } from "node:fs";
import { homedir } from "node:os";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as vscode from "vscode";
import { exportedRuns, type RunExportFormat } from "../../client/exported-runs.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";

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
  const placeHolder = vscode.l10n.t("Choose what the runs are exported as");
  const format = await vscode.window.showQuickPick(items, { placeHolder });
  if (format === undefined) return;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const file = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Export runs with their output"),
    defaultUri: vscode.Uri.joinPath(folder, `runs.${format.ending}`),
  });
  if (file === undefined) return;
  const pieces = exportedRuns(daemon, runs, format.value);
  if (file.scheme === "file")
    await pipeline(Readable.from(pieces), createWriteStream(file.fsPath, { mode: 0o600 }));
  else {
    // Only VS Code itself can reach other places, and it takes the whole at once.
    const chunks: Buffer[] = [];
    for await (const piece of pieces) chunks.push(typeof piece === "string" ? Buffer.from(piece) : piece);
    await vscode.workspace.fs.writeFile(file, Buffer.concat(chunks));
  }
  const open = vscode.l10n.t("Open");
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t("Exported to {0}.", file.fsPath),
    open,
  );
  if (answer === open) await vscode.commands.executeCommand("vscode.open", file);
}
