import { createWriteStream } from "node:fs";
import { homedir } from "node:os";
import { pipeline } from "node:stream/promises";
import * as vscode from "vscode";

/** Asks where to save; `name` is the default, in the first workspace folder, else in the home directory. */
export function askFile(title: string, name: string): Thenable<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  return vscode.window.showSaveDialog({ title, defaultUri: vscode.Uri.joinPath(folder, name) });
}

/** The timestamp in a file's name: `20260131-235959`. */
export function stampOf(createdAt: string): string {
  return createdAt.slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}

/** `mode`: permissions of a local file. */
export async function writePieces(
  file: vscode.Uri,
  pieces: AsyncIterable<Buffer | string>,
  mode?: number,
): Promise<void> {
  if (file.scheme === "file") {
    await pipeline(pieces, createWriteStream(file.fsPath, mode === undefined ? {} : { mode }));
    return;
  }
  // Only VS Code itself can write to other places, and only a whole file at once.
  const chunks: Buffer[] = [];
  for await (const piece of pieces) chunks.push(typeof piece === "string" ? Buffer.from(piece) : piece);
  await vscode.workspace.fs.writeFile(file, Buffer.concat(chunks));
}

/** Reports that the file was saved, and opens it on request. */
export async function showSaved(message: string, file: vscode.Uri): Promise<void> {
  const open = vscode.l10n.t("Open");
  const answer = await vscode.window.showInformationMessage(message, open);
  if (answer === open) await vscode.commands.executeCommand("vscode.open", file);
}
