import * as vscode from "vscode";
import type { HostFilter } from "./hosts/host-filter.ts";
import type { HostList } from "./hosts/host-list.ts";
import type { RunList } from "./runs/run-list.ts";
import type { RunSearch } from "./runs/run-search.ts";

interface Followed {
  readonly hosts: HostList;
  readonly hostFilter: HostFilter;
  readonly runs: RunList;
  readonly search: RunSearch;
}

/**
 * Sets the context keys with which package.json disables commands that would have no effect. They state what is
 * missing, so that nothing is disabled until that is known.
 */
export function followContextKeys({ hosts, hostFilter, runs, search }: Followed): vscode.Disposable {
  const shown = new Map<string, boolean>();
  const show = (name: string, value: boolean): void => {
    if (shown.get(name) === value) return;
    shown.set(name, value);
    void vscode.commands.executeCommand("setContext", `hostrun.${name}`, value);
  };
  return vscode.Disposable.from(
    hosts.onDidChange(() => show("noHosts", hosts.known?.length === 0)),
    runs.onDidChange(() => {
      show("noRuns", runs.known?.length === 0);
      show("nothingRunning", runs.known !== undefined && runs.alive.length === 0);
    }),
    hostFilter.onDidChange(() => show("hostsFiltered", hostFilter.text !== "")),
    search.onDidChange(() => show("runsFiltered", search.text !== "")),
  );
}
