import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { exportText } from "../../protocol/host-export.ts";
import { hostCount } from "./host-count.ts";
import type { HostList } from "./host-list.ts";
import { homePath } from "./ssh-config-page.ts";

/** Exports the saved hosts to a file that the user chooses, for another machine. */
export async function exportHosts({ hosts }: Pick<HostList, "hosts">): Promise<void> {
  const saved = hosts.filter(({ id, damaged }) => id !== null && damaged === undefined);
  if (saved.length === 0) {
    const message = vscode.l10n.t("There are no saved hosts. Hosts in the SSH config are in its own file.");
    await vscode.window.showInformationMessage(message);
    return;
  }
  const file = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Export Hosts"),
    saveLabel: vscode.l10n.t("Export"),
    defaultUri: vscode.Uri.file(join(homedir(), "hostrun-hosts.json")),
    filters: { JSON: ["json"] },
  });
  if (file === undefined) return;
  await vscode.workspace.fs.writeFile(file, Buffer.from(exportText(saved)));
  const message = vscode.l10n.t(
    "Exported {0} to {1}. It contains no secrets.",
    hostCount(saved.length),
    homePath(file.fsPath),
  );
  void vscode.window.showInformationMessage(message);
}
