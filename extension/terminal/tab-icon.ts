import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";

export type TabIcon = { readonly light: vscode.Uri; readonly dark: vscode.Uri };
export type RunStanding = Pick<Run, "state" | "outcome" | "exitCode">;

/** The icon of a run's tab; a neutral one without a run. */
export function tabIcon(extension: vscode.Uri, run?: RunStanding): TabIcon {
  const name = run === undefined ? "run" : `run-${standing(run)}`;
  const at = (theme: string): vscode.Uri => vscode.Uri.joinPath(extension, "media", `${name}-${theme}.svg`);
  return { light: at("light"), dark: at("dark") };
}

function standing({ state, outcome, exitCode }: RunStanding): string {
  if (state !== "ended") return "running";
  switch (outcome) {
    case "exited":
      return exitCode === 0 ? "succeeded" : "failed";
    case "signaled":
    case "failed":
    case "timedOut":
      return "failed";
    case "cancelled":
      return "stopped";
    case "unknown":
    case null:
      return "unknown";
  }
}
