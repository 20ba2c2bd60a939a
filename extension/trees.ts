import * as vscode from "vscode";
import { followContextKeys } from "./context-keys.ts";
import type { Daemon } from "./daemon/daemon.ts";
import { FocusedRow } from "./focused-row.ts";
import { type HostList, hostRef } from "./hosts/host-list.ts";
import { type HostNode, rowKey } from "./hosts/host-tree.ts";
import { HostsView } from "./hosts/hosts-view.ts";
import type { ProblemReport } from "./problem-report.ts";
import { decorateRows } from "./row-decorations.ts";
import type { RunList } from "./runs/run-list.ts";
import { RunSearch } from "./runs/run-search.ts";
import { RunSearchCommands } from "./runs/run-search-commands.ts";
import { type RunNode, RunsView } from "./runs/runs-view.ts";

export interface TreeParts {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly runs: RunList;
  readonly report: ProblemReport;
  /** Has the lists read, if they were not. */
  readonly start: () => Promise<void>;
}

export interface Trees extends vscode.Disposable {
  /** The runs that are shown. */
  readonly search: RunSearch;
  readonly searchCommands: RunSearchCommands;
  readonly focused: { readonly hosts: FocusedRow<HostNode>; readonly runs: FocusedRow<RunNode> };
}

/** The views of hosts and of runs. */
export function showTrees({ daemon, hosts, runs, report, start }: TreeParts): Trees {
  const search = new RunSearch(daemon, runs, report);
  const searchCommands = new RunSearchCommands(search, hosts);
  const hostsView = new HostsView(hosts, start, (host) =>
    daemon.call("getHost", { params: { host: hostRef(host) } }),
  );
  const runsView = new RunsView(search, start);
  const hostTree = vscode.window.createTreeView("hostrun.hosts", { treeDataProvider: hostsView });
  const runTree = vscode.window.createTreeView("hostrun.runs", { treeDataProvider: runsView });
  const focused = {
    hosts: new FocusedRow(hostTree, rowKey),
    runs: new FocusedRow(runTree, (node) => (node.kind === "run" ? node.run.id : node.kind)),
  };
  const owned = vscode.Disposable.from(
    search,
    hostsView,
    runsView,
    hostTree,
    runTree,
    focused.hosts,
    focused.runs,
    hostsView.follow(hostTree),
    runsView.follow(runTree),
    searchCommands.follow(runTree),
    decorateRows(),
    followContextKeys(hosts, runs, search),
  );
  return {
    search,
    searchCommands,
    focused,
    dispose: () => {
      owned.dispose();
    },
  };
}
