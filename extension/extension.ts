import * as vscode from "vscode";
import type { Host } from "../protocol/host.ts";
import { registerCommands } from "./commands.ts";
import { DaemonCommands } from "./daemon/daemon-commands.ts";
import { DaemonLink } from "./daemon/link.ts";
import { followSettings } from "./daemon/settings-sync.ts";
import { showStatus } from "./daemon/status-bar.ts";
import { HostCommands } from "./hosts/host-commands.ts";
import { HostForm } from "./hosts/host-form.ts";
import { HostList } from "./hosts/host-list.ts";
import { HostsView } from "./hosts/hosts-view.ts";
import { ProblemReport } from "./problem-report.ts";
import { createConfirmation } from "./runs/command-confirmation.ts";
import { RunCommands } from "./runs/run-commands.ts";
import { RunList } from "./runs/run-list.ts";
import { RunsView } from "./runs/runs-view.ts";
import { Runner } from "./runs/runner.ts";
import { SaveOffer } from "./runs/save-offer.ts";
import { createStart } from "./start-lists.ts";
import { FinishedNotices } from "./terminal/finished-notices.ts";
import { OutputDocuments } from "./terminal/output-documents.ts";
import { PanelTools } from "./terminal/panel-tools.ts";
import { RunPanels } from "./terminal/run-panels.ts";

/** Puts the parts together. Nothing is read or started here: the daemon is found when something is asked of it. */
export function activate({ subscriptions, extensionUri, globalState }: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Hostrun", { log: true });
  const report = new ProblemReport(log);
  const daemonScript = vscode.Uri.joinPath(extensionUri, "dist", "daemon.cjs").fsPath;
  const link = new DaemonLink(daemonScript, log);
  const hosts = new HostList(link);
  const runs = new RunList(link);
  const start = createStart(link, hosts, runs, report);

  const runner = new Runner(link, hosts, report, createConfirmation(extensionUri));
  const documents = new OutputDocuments(link);
  const tools = new PanelTools(link, runner, report, documents);
  const finished = new FinishedNotices(link, (run) => panels.open(run));
  const panels = new RunPanels({
    extensionUri,
    daemon: link,
    hosts,
    log,
    finished,
    start,
    act: (panel, message) => tools.act(panel, message),
    failed: (panel, problem) => void tools.trust(panel, problem),
  });
  const form = new HostForm(link, hosts, report);
  const hostCommands = new HostCommands({ daemon: link, hosts, runs, form, report, start });
  const addHost = (text: string): Promise<Host | undefined> => form.add(text);
  const questions = { daemon: link, hosts, runs, addHost };
  const saveOffer = new SaveOffer(hosts, runs, addHost);
  const runParts = { runs, runner, panels, questions, hostCommands, saveOffer, report, start };
  const runCommands = new RunCommands(runParts);
  const daemon = new DaemonCommands(link, runs, report, log);
  const refresh = async (): Promise<void> => {
    await start();
    await Promise.all([hosts.refresh(), runs.refresh()]);
  };

  const hostsView = new HostsView(hosts, start);
  const runsView = new RunsView(runs, start);
  const hostTree = vscode.window.createTreeView("hostrun.hosts", { treeDataProvider: hostsView });
  const runTree = vscode.window.createTreeView("hostrun.runs", { treeDataProvider: runsView });
  subscriptions.push(log, link, hosts, runs, hostsView, runsView, hostTree, runTree, panels, documents);
  subscriptions.push(
    finished,
    link.onDidChange(({ type }) => type === "reset" && panels.recover()),
  );
  subscriptions.push(
    hostsView.follow(hostTree),
    runsView.follow(runTree),
    daemon.watch(),
    showStatus(link, runs),
  );
  const parts = { daemon, hosts: hostCommands, hostList: hosts, runs: runCommands, panels, report, log };
  subscriptions.push(
    followSettings(link, report, { log, memory: globalState }),
    registerCommands({ ...parts, refresh }),
  );
}
