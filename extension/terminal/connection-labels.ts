import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";

/** How a run's connection was, e.g. "warm connection · first byte 6 ms"; null where nothing was measured. */
export function connectionWords(run: Run): string | null {
  if (run.cached) return vscode.l10n.t("answered from the cache");
  const { connectMs, firstByteMs } = run.timings;
  const parts = [
    ...(run.reusedConnection ? [vscode.l10n.t("warm connection")] : []),
    ...(!run.reusedConnection && connectMs !== null
      ? [vscode.l10n.t("connected in {0}", span(connectMs))]
      : []),
    ...(firstByteMs === null ? [] : [vscode.l10n.t("first byte {0}", span(firstByteMs))]),
  ];
  return parts.length === 0 ? null : parts.join(" · ");
}

function span(ms: number): string {
  if (ms < 10) return vscode.l10n.t("{0} ms", ms.toFixed(1));
  return ms < 10_000
    ? vscode.l10n.t("{0} ms", Math.round(ms))
    : vscode.l10n.t("{0} s", (ms / 1000).toFixed(1));
}
