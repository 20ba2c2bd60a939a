import * as vscode from "vscode";
import type { Handover } from "../../client/handover.ts";

/** Shows progress while an older daemon waits for its commands before it is replaced; cancelling ends them. */
export function showHandover({ olderVersion, runs = 0, limitMs, over, endNow }: Handover): void {
  const minutes = limitMs / 60_000;
  void vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t(
        "Hostrun was updated. The daemon of version {0} is still running commands ({1}); it will be replaced when they end, after {2} min at most. Durable ones keep running. Cancel ends the others now.",
        olderVersion,
        runs,
        minutes,
      ),
      cancellable: true,
    },
    (_progress, cancelled) => {
      cancelled.onCancellationRequested(endNow);
      return over;
    },
  );
}
