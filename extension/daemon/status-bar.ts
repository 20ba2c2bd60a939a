import * as vscode from "vscode";
import type { RunList } from "../runs/run-list.ts";
import type { DaemonLink, LinkState } from "./link.ts";

/** The one item in the status bar: the daemon's state and the number of active runs. */
export function showStatus(link: DaemonLink, runs: RunList): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("hostrun.status", vscode.StatusBarAlignment.Left, 0);
  item.name = "Hostrun";
  item.command = "hostrun.showMenu";
  const update = (): void => {
    const { state } = link;
    const count = runs.alive.length;
    const failed = state.kind === "failed";
    item.text = failed
      ? "$(error) Hostrun"
      : `$(${iconOf(state)}) Hostrun${count === 0 ? "" : `: ${vscode.l10n.t("{0} running", count)}`}`;
    item.tooltip = `${describeState(state)}\n${countLabel(count)}`;
    item.accessibilityInformation = { label: `Hostrun, ${describeState(state)}, ${countLabel(count)}` };
    item.backgroundColor = failed ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
  };
  update();
  item.show();
  return vscode.Disposable.from(item, link.onDidChangeState(update), runs.onDidChange(update));
}

/** The daemon's state in a sentence. */
export function describeState(state: LinkState): string {
  switch (state.kind) {
    case "idle":
      return vscode.l10n.t("The daemon has not been needed yet.");
    case "starting":
      return vscode.l10n.t("The daemon is starting.");
    case "connected":
      return vscode.l10n.t("The daemon is running (version {0}, process {1}).", state.version, state.pid);
    case "stopped":
      return vscode.l10n.t("The daemon is stopped; it starts when it is needed.");
    case "failed":
      return vscode.l10n.t("The daemon is not available: {0}", state.problem.message);
  }
}

function countLabel(count: number): string {
  if (count === 0) return vscode.l10n.t("Nothing is running");
  return count === 1
    ? vscode.l10n.t("One command is running.")
    : vscode.l10n.t("{0} commands are running.", count);
}

function iconOf(state: LinkState): string {
  switch (state.kind) {
    case "connected":
      return "server-process";
    case "starting":
      return "loading";
    case "idle":
    case "stopped":
    case "failed":
      return "circle-outline";
  }
}
