import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";
import { commandLine, oneLine } from "../plain-text.ts";
import { relativeTime, stateIcon, stateLabel } from "./run-labels.ts";

/** The row of a run. */
export function runItem(run: Run): vscode.TreeItem {
  // A narrow view cuts off the end of a row: the command is short, so that the outcome remains visible.
  const item = new vscode.TreeItem(commandLine(run.command, 24), vscode.TreeItemCollapsibleState.None);
  const said = run.note === null ? [] : [oneLine(run.note)];
  const notes = [stateLabel(run), oneLine(run.host.name), relativeTime(run.createdAt), ...said];
  item.iconPath = stateIcon(run);
  item.contextValue = `run ${run.state === "ended" ? "ended" : "alive"}${run.pinned ? " pinned" : ""}`;
  item.description = notes.join(" · ");
  item.tooltip = tooltip(run);
  item.accessibilityInformation = { label: [commandLine(run.command, 200), ...notes].join(", ") };
  item.command = {
    command: "hostrun.openRunRow",
    title: vscode.l10n.t("Open Run"),
    arguments: [{ kind: "run", run }],
  };
  return item;
}

/** The row that loads older runs. */
export function moreItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t("Load More…"), vscode.TreeItemCollapsibleState.None);
  item.iconPath = new vscode.ThemeIcon("ellipsis");
  item.command = { command: "hostrun.loadMoreRuns", title: vscode.l10n.t("Load More") };
  return item;
}

/** Plain text, never Markdown: the parts come from users and servers. */
function tooltip(run: Run): string {
  const at = new Date(run.createdAt).toLocaleString(vscode.env.language);
  return [
    run.command.length > 1000 ? `${run.command.slice(0, 1000)}…` : run.command,
    vscode.l10n.t("On {0} ({1}), {2}", run.host.name, run.host.address, at),
    stateLabel(run),
    ...(run.pinned ? [vscode.l10n.t("Pinned: it stays in the history")] : []),
    ...(run.note === null ? [] : [vscode.l10n.t("Note: {0}", oneLine(run.note))]),
    ...(run.problem === null ? [] : [run.problem.detail]),
    ...(run.damaged === undefined ? [] : [vscode.l10n.t("Damaged: {0}", run.damaged.join(", "))]),
  ].join("\n");
}
