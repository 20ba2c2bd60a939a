import * as vscode from "vscode";
import type { Run } from "../../protocol/run.ts";
import { formatSpan } from "../../protocol/span.ts";

/**
 * Doubts about a run's end, and details of its connection: "warm connection · first byte 6 ms"; null if nothing is
 * known.
 */
export function connectionLabel(run: Run): string | null {
  if (run.cached) return cachedLabel(run.timings);
  const { connectMs, firstByteMs } = run.timings;
  const parts = [
    ...(run.stopConfirmed === false
      ? [vscode.l10n.t("The host did not confirm it: it may still run there")]
      : []),
    ...(run.reusedConnection ? [vscode.l10n.t("warm connection")] : []),
    ...(!run.reusedConnection && connectMs !== null
      ? [vscode.l10n.t("connected in {0}", span(connectMs))]
      : []),
    ...(firstByteMs === null ? [] : [vscode.l10n.t("first byte {0}", span(firstByteMs))]),
  ];
  return parts.length === 0 ? null : parts.join(" · ");
}

/** Run Again bypasses the cache. */
function cachedLabel({ resultAgeMs }: Run["timings"]): string {
  if (resultAgeMs === undefined) return vscode.l10n.t("answered from the cache");
  const age = formatSpan(resultAgeMs);
  return vscode.l10n.t("answered from the cache, {0} old; Run Again runs it without the cache", age);
}

function span(ms: number): string {
  if (ms < 10) return vscode.l10n.t("{0} ms", ms.toFixed(1));
  return ms < 10_000
    ? vscode.l10n.t("{0} ms", Math.round(ms))
    : vscode.l10n.t("{0} s", (ms / 1000).toFixed(1));
}
