import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";

type Place = NonNullable<Host["configAt"]>;

/** Opens the SSH config where it names the host, else at its beginning; creates it if it does not exist. */
export function openSshConfig(host?: Pick<Host, "configAt">): Promise<void> {
  return openAt(host?.configAt ?? { file: join(homedir(), ".ssh", "config"), line: 1 });
}

/** Opens a file at a line, counted from 1. */
export async function openAt({ file, line }: Place): Promise<void> {
  const uri = vscode.Uri.file(file);
  const at = new vscode.Position(line - 1, 0);
  await vscode.window.showTextDocument(existsSync(file) ? uri : uri.with({ scheme: "untitled" }), {
    selection: new vscode.Range(at, at),
  });
}

/** The location of a host in the SSH config, for the user, e.g. "~/.ssh/config, line 4". */
export function configPlace({ file, line }: Place): string {
  return vscode.l10n.t("{0}, line {1}", homePath(file), line);
}

/** A path with `~` for the home directory. */
export function homePath(file: string): string {
  const home = homedir();
  return file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file;
}
