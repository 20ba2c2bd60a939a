import * as vscode from "vscode";
import type { TestStep, TestStepName } from "../../protocol/test-step.ts";
import { plainLabel } from "../input/choice.ts";

export function stepLabel(name: TestStepName): string {
  switch (name) {
    case "configure":
      return vscode.l10n.t("Configuration");
    case "resolve":
      return vscode.l10n.t("Name resolution");
    case "connect":
      return vscode.l10n.t("Connection");
    case "hostKey":
      return vscode.l10n.t("Host key");
    case "authentication":
      return vscode.l10n.t("Authentication");
    case "exec":
      return vscode.l10n.t("Command");
  }
}

/** A step with its hop: "Host key · web1 (deploy@10.0.0.5:22)". */
export function stepSummary(step: Pick<TestStep, "name" | "host" | "hop">): string {
  return plainLabel(`${stepLabel(step.name)} · ${hopLabel(step)}`);
}

/** Includes the name, since two hosts may have the same address in different networks. */
function hopLabel({ host, hop }: Pick<TestStep, "host" | "hop">): string {
  return host === hop ? hop : `${host} (${hop})`;
}

/** A row in a list of steps. */
export function stepRow(step: TestStep): vscode.QuickPickItem {
  const { state, durationMs, note } = step;
  const time = durationMs === null ? [] : [vscode.l10n.t("{0} ms", durationMs)];
  const words = state === "done" ? [] : [stateLabel(state)];
  return {
    label: stepLabel(step.name),
    iconPath: stateIcon(state),
    description: plainLabel(
      [hopLabel(step), ...words, ...time, ...(note === null ? [] : [note])].join(" · "),
    ),
  };
}

function stateLabel(state: TestStep["state"]): string {
  switch (state) {
    case "running":
      return vscode.l10n.t("running");
    case "done":
      return vscode.l10n.t("done");
    case "failed":
      return vscode.l10n.t("failed");
    case "reused":
      return vscode.l10n.t("reused");
    case "skipped":
      return vscode.l10n.t("skipped");
  }
}

function stateIcon(state: TestStep["state"]): vscode.ThemeIcon {
  switch (state) {
    case "running":
      return new vscode.ThemeIcon("sync");
    case "done":
    case "reused":
      return new vscode.ThemeIcon("pass", new vscode.ThemeColor("testing.iconPassed"));
    case "failed":
      return new vscode.ThemeIcon("error", new vscode.ThemeColor("charts.red"));
    case "skipped":
      return new vscode.ThemeIcon("circle-slash");
  }
}
