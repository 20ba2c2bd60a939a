import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";
import type { HostList } from "./host-list.ts";

/** Editors write a file in several steps. */
const settleMs = 100;

/** Calls `changed` soon after the SSH config, or a file that it includes, was changed, created or removed. */
export function watchSshConfig(hosts: HostList, changed: () => void): vscode.Disposable {
  const watchers = new Map<string, vscode.Disposable>();
  let timer: NodeJS.Timeout | undefined;
  const see = ({ fsPath }: vscode.Uri): void => {
    // The daemon itself writes the known_hosts files in this directory.
    if (basename(fsPath).startsWith("known_hosts")) return;
    clearTimeout(timer);
    timer = setTimeout(changed, settleMs);
  };
  const follow = (): void => {
    if (hosts.known === undefined) return;
    for (const folder of configFolders(hosts)) {
      if (!watchers.has(folder)) watchers.set(folder, watchFolder(folder, see));
    }
  };
  const subscription = hosts.onDidChange(follow);
  return new vscode.Disposable(() => {
    clearTimeout(timer);
    vscode.Disposable.from(subscription, ...watchers.values()).dispose();
  });
}

/**
 * Watches directories rather than files: an editor may replace a file, and an Include may name files that do not exist
 * yet.
 */
function configFolders(hosts: HostList): ReadonlySet<string> {
  const files = hosts.hosts.flatMap(({ configAt }) => configAt?.file ?? []);
  return new Set([join(homedir(), ".ssh"), ...files.map((file) => dirname(file))]);
}

function watchFolder(folder: string, see: (file: vscode.Uri) => void): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher(
    new vscode.RelativePattern(vscode.Uri.file(folder), "*"),
  );
  return vscode.Disposable.from(
    watcher,
    watcher.onDidChange(see),
    watcher.onDidCreate(see),
    watcher.onDidDelete(see),
  );
}
