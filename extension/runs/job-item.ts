import * as vscode from "vscode";
import { foldNames } from "../../protocol/host-set.ts";
import type { Job } from "../../protocol/job.ts";
import { hostCount } from "../hosts/host-count.ts";
import { commandLine, oneLine, shortened } from "../plain-text.ts";
import { relativeTime } from "./run-labels.ts";

/** The row of a job: its command, and the number of its hosts by outcome. */
export function jobItem(job: Job): vscode.TreeItem {
  const item = new vscode.TreeItem(commandLine(job.command, 20), vscode.TreeItemCollapsibleState.Collapsed);
  const where = shortened(foldNames(job.targets.map(oneLine)), 60);
  const notes = [where, relativeTime(job.createdAt)];
  item.id = `job:${job.id}`;
  item.iconPath = jobIcon(job);
  item.contextValue = job.state === "ended" ? "job ended" : "job alive";
  // Little of it fits in: the numbers come first, in their short form.
  const ok = `${job.counts.exited0}/${job.hosts.length}`;
  item.description = [[vscode.l10n.t("{0} ok", ok), ...otherOutcomes(job)].join(", "), ...notes].join(" · ");
  const command = job.command.length > 1000 ? `${job.command.slice(0, 1000)}…` : job.command;
  item.tooltip = [command, vscode.l10n.t("On {0}", hostCount(job.hosts.length)), jobLabel(job)].join("\n");
  item.accessibilityInformation = {
    label: [commandLine(job.command, 200), jobLabel(job), ...notes].join(", "),
  };
  item.command = {
    command: "hostrun.openJobRow",
    title: vscode.l10n.t("Open Job"),
    arguments: [{ kind: "job", job }],
  };
  return item;
}

/** `47 of 50 ok, 2 failed`. */
export function jobLabel(job: Job): string {
  const ok = vscode.l10n.t("{0} of {1} ok", job.counts.exited0, job.hosts.length);
  return [ok, ...otherOutcomes(job)].join(", ");
}

function otherOutcomes({ counts, state }: Job): string[] {
  const { exitedOther, failed, timedOut, cancelled, unknown } = counts;
  const bad = exitedOther + failed + timedOut;
  return [
    ...(bad > 0 ? [vscode.l10n.t("{0} failed", bad)] : []),
    ...(cancelled > 0 ? [vscode.l10n.t("{0} cancelled", cancelled)] : []),
    ...(unknown > 0 ? [vscode.l10n.t("{0} unknown", unknown)] : []),
    ...(state === "running" ? [vscode.l10n.t("running")] : []),
  ];
}

function jobIcon({ outcome }: Job): vscode.ThemeIcon {
  const icon = (name: string, color: string): vscode.ThemeIcon =>
    new vscode.ThemeIcon(name, new vscode.ThemeColor(color));
  switch (outcome) {
    case null:
      return icon("play-circle", "charts.blue");
    case "succeeded":
      return icon("pass", "charts.green");
    case "failed":
      return icon("error", "charts.red");
    case "cancelled":
      return icon("circle-slash", "charts.yellow");
  }
}
