import * as vscode from "vscode";
import type { Host } from "../protocol/host.ts";
import { followContextKeys } from "./context-keys.ts";
import type { Daemon } from "./daemon/daemon.ts";
import { FocusedRow } from "./focused-row.ts";
import { HostFilter } from "./hosts/host-filter.ts";
import { type HostList, hostRef } from "./hosts/host-list.ts";
import { type HostNode, rowKey } from "./hosts/host-tree.ts";
import { HostsView } from "./hosts/hosts-view.ts";
import type { JobList } from "./jobs/job-list.ts";
import type { ProblemReport } from "./problem-report.ts";
import { decorateRows } from "./row-decorations.ts";
import type { RunList } from "./runs/run-list.ts";
import { RunSearch } from "./runs/run-search.ts";
import { RunSearchCommands } from "./runs/run-search-commands.ts";
import { PinnedRuns } from "./runs/pinned-runs.ts";
import { keyOfRow, type RunNode } from "./runs/run-nodes.ts";
import { RunsView } from "./runs/runs-view.ts";

export interface TreeParts {
  readonly daemon: Daemon;
  readonly hosts: HostList;
  readonly runs: RunList;
  readonly jobs: JobList;
  readonly report: ProblemReport;
  /** Reads the lists, unless they have been read. */
  readonly start: () => Promise<void>;
  /** Persists across windows. */
  readonly memory: vscode.Memento;
  readonly drag: vscode.TreeDragAndDropController<HostNode>;
}

export interface Trees extends vscode.Disposable {
  /** The runs that are displayed. */
  readonly search: RunSearch;
  readonly runsView: RunsView;
  readonly searchCommands: RunSearchCommands;
  readonly hostFilter: HostFilter;
  readonly focused: { readonly hosts: FocusedRow<HostNode>; readonly runs: FocusedRow<RunNode> };
}

/** Creates the views of hosts and of runs. */
export function showTrees({ daemon, hosts, runs, jobs, report, start, memory, drag }: TreeParts): Trees {
  const search = new RunSearch(daemon, runs, report);
  const searchCommands = new RunSearchCommands(search, hosts);
  const hostFilter = new HostFilter();
  const ask = (host: Host): Promise<Host> => daemon.call("getHost", { params: { host: hostRef(host) } });
  const hostsView = new HostsView({ hosts, filter: hostFilter, start, ask });
  const pinned = new PinnedRuns(daemon, runs);
  const runsView = new RunsView({ search, pinned, jobs, memory, start });
  const hostTree = vscode.window.createTreeView("hostrun.hosts", {
    treeDataProvider: hostsView,
    dragAndDropController: drag,
    canSelectMany: true,
  });
  const runTree = vscode.window.createTreeView("hostrun.runs", {
    treeDataProvider: runsView,
    canSelectMany: true,
  });
  const focused = {
    hosts: new FocusedRow(hostTree, rowKey),
    runs: new FocusedRow(runTree, keyOfRow),
  };
  const owned = vscode.Disposable.from(
    search,
    pinned,
    hostFilter,
    hostsView,
    runsView,
    hostTree,
    runTree,
    focused.hosts,
    focused.runs,
    hostsView.follow(hostTree),
    hostFilter.follow(hostTree),
    runsView.follow(runTree),
    searchCommands.follow(runTree),
    decorateRows(),
    followContextKeys({ hosts, hostFilter, runs, search }),
  );
  return {
    search,
    runsView,
    searchCommands,
    hostFilter,
    focused,
    dispose: () => {
      owned.dispose();
    },
  };
}
