import * as vscode from "vscode";
import type { DaemonLink } from "./daemon/link.ts";
import type { HostList } from "./hosts/host-list.ts";
import type { ProblemReport } from "./problem-report.ts";
import type { RunList } from "./runs/run-list.ts";

/**
 * Returns a function that finds or starts the daemon and reads the lists of hosts and runs, unless this is done
 * already; it reports failures. Concurrent callers share one attempt.
 */
export function createStart(
  link: DaemonLink,
  hosts: HostList,
  runs: RunList,
  report: ProblemReport,
): () => Promise<void> {
  let starting: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    const what = vscode.l10n.t("The hosts and runs could not be read");
    await report.attempt(what, async () => {
      await link.open();
      await Promise.all([hosts.refresh(), runs.refresh()]);
    });
    starting = undefined;
  };
  return () => {
    if (hosts.known !== undefined && runs.known !== undefined) return Promise.resolve();
    starting ??= read();
    return starting;
  };
}
