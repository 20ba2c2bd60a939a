import * as vscode from "vscode";
import { oneLine } from "../plain-text.ts";
import type { GroupBranch } from "./run-nodes.ts";

/** The row of a group; initially the pinned group and the first one below it are expanded. */
export function groupItem(group: GroupBranch, isFirst: boolean): vscode.TreeItem {
  const isOpen = isFirst || group.by === "pinned";
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const label = labelOf(group);
  const item = new vscode.TreeItem(label, isOpen ? Expanded : Collapsed);
  const count = group.children.length;
  item.description = String(count);
  item.iconPath = new vscode.ThemeIcon(icons[group.by]);
  item.contextValue = "group";
  const counted = count === 1 ? vscode.l10n.t("1 row") : vscode.l10n.t("{0} rows", count);
  item.accessibilityInformation = { label: `${label}, ${counted}` };
  return item;
}

const icons = {
  pinned: "pinned",
  none: "list-flat",
  day: "calendar",
  host: "server",
  job: "list-flat",
  outcome: "list-filter",
} as const;

function labelOf({ by, name }: GroupBranch): string {
  if (by === "pinned") return vscode.l10n.t("Pinned");
  if (by === "job") return vscode.l10n.t("Not Part of a Job");
  if (by === "day") return dayLabel(name);
  if (by === "outcome") return resultLabel(name);
  return oneLine(name);
}

function dayLabel(name: string): string {
  switch (name) {
    case "today":
      return vscode.l10n.t("Today");
    case "yesterday":
      return vscode.l10n.t("Yesterday");
    case "thisWeek":
      return vscode.l10n.t("This Week");
    case "lastWeek":
      return vscode.l10n.t("Last Week");
    default:
      return new Date(`${name}-01T00:00`).toLocaleDateString(vscode.env.language, {
        month: "long",
        year: "numeric",
      });
  }
}

function resultLabel(name: string): string {
  switch (name) {
    case "running":
      return vscode.l10n.t("Running");
    case "failed":
      return vscode.l10n.t("Failed");
    case "succeeded":
      return vscode.l10n.t("Succeeded");
    case "cancelled":
      return vscode.l10n.t("Cancelled");
    default:
      return vscode.l10n.t("Unknown");
  }
}
