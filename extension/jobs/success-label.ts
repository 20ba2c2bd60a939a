import * as vscode from "vscode";

/** On how many of a job's hosts the command ended with exit status 0. */
export function successLabel(exited0: number, hosts: number): string {
  return hosts === 1
    ? vscode.l10n.t("{0} of 1 host ended with exit status 0.", exited0)
    : vscode.l10n.t("{0} of {1} hosts ended with exit status 0.", exited0, hosts);
}
