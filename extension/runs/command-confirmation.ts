import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";

/** How much of a long command the question shows. */
const shownLines = 12;

/** Asks before a command goes to a production host; true when it may go. */
export async function confirmCommand(host: Host | undefined, command: string): Promise<boolean> {
  if (host?.production !== true) return true;
  if (!vscode.workspace.getConfiguration("hostrun").get("confirmProduction", true)) return true;
  const run = vscode.l10n.t("Run");
  const lines = command.split("\n");
  const shown = [...lines.slice(0, shownLines), ...(lines.length > shownLines ? ["…"] : [])].join("\n");
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t("Run this on the production host {0}?", host.name),
    { modal: true, detail: shown },
    run,
  );
  return answer === run;
}
