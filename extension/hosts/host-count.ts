import * as vscode from "vscode";

/** `1 host`, `50 hosts`. */
export function hostCount(count: number): string {
  return count === 1 ? vscode.l10n.t("1 host") : vscode.l10n.t("{0} hosts", count);
}
