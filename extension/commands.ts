import * as vscode from "vscode";
import type { DaemonCommands } from "./daemon/daemon-commands.ts";
import { Run } from "../protocol/run.ts";
import type { Host } from "../protocol/host.ts";
import type { PanelTool } from "../protocol/panel.ts";
import type { HostCommands } from "./hosts/host-commands.ts";
import type { HostList } from "./hosts/host-list.ts";
import type { ProblemReport } from "./problem-report.ts";
import type { RunCommands } from "./runs/run-commands.ts";
import type { RunPanels } from "./terminal/run-panels.ts";

export interface CommandParts {
  readonly daemon: DaemonCommands;
  readonly hosts: HostCommands;
  readonly runs: RunCommands;
  readonly hostList: HostList;
  readonly panels: RunPanels;
  readonly report: ProblemReport;
  readonly log: vscode.LogOutputChannel;
  refresh(): Promise<void>;
}

type Command = (argument: unknown) => unknown;

/**
 * Registers every command of package.json. Those of a row have a name of their own: VS Code gives them no row when
 * the tree is being read anew at that moment, and what was meant must not be guessed then.
 */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const { daemon, hosts, runs, panels, log } = parts;
  const tool = (name: PanelTool) => () => panels.active?.post({ type: "tool", tool: name });
  const host = rowHost(parts.hostList);
  const commands: Record<string, Command> = {
    runOnHost: () => runs.runOnHost(),
    runSelection: () => runs.runFromEditor(),
    runLine: () => runs.runFromEditor(),
    openRun: () => runs.open(),
    runAgain: () => runs.again(),
    cancelRun: () => runs.cancel(),
    loadMoreRuns: () => runs.loadMore(),
    openHost: () => runs.openHost(),
    addHost: () => hosts.add(),
    editHost: () => hosts.edit(),
    duplicateHost: () => hosts.duplicate(),
    deleteHost: () => hosts.remove(),
    copyAddress: () => hosts.copyAddress(),
    testConnection: () => hosts.test(),
    importSshConfig: () => hosts.importSshConfig(),
    refresh: () => parts.refresh(),
    startDaemon: () => daemon.start(),
    restartDaemon: () => daemon.restart(),
    stopDaemon: () => daemon.stop(),
    showLog: () => log.show(true),
    showDaemonLog: () => daemon.showLog(),
    showMenu: () => daemon.showMenu(),
    findInPanel: tool("find"),
    copyPanel: tool("copyOutput"),
    copyPanelSelection: tool("copySelection"),
    selectAllInPanel: tool("selectAll"),
    savePanel: tool("saveOutput"),
    runAgainInPanel: tool("runAgain"),
    runAgainInTerminal: tool("runInTerminal"),
    stopInPanel: tool("stop"),
    openOutput: tool("openOutput"),
    clearPanel: tool("clear"),
    togglePanelLog: tool("debugLog"),

    runOnRow: onRow(host, (row) => runs.runOnHost(row)),
    openHostRow: onRow(host, (row) => runs.openHost(row)),
    editHostRow: onRow(host, (row) => hosts.edit(row)),
    duplicateHostRow: onRow(host, (row) => hosts.duplicate(row)),
    deleteHostRow: onRow(host, (row) => hosts.remove(row)),
    copyAddressRow: onRow(host, (row) => hosts.copyAddress(row)),
    testConnectionRow: onRow(host, (row) => hosts.test(row)),
    openRunRow: onRow(rowRun, (row) => runs.open(row)),
    runAgainRow: onRow(rowRun, (row) => runs.again(row)),
    cancelRunRow: onRow(rowRun, (row) => runs.cancel(row)),
  };
  const registered = Object.entries(commands).map(([name, command]) =>
    vscode.commands.registerCommand(`hostrun.${name}`, async (argument: unknown) => {
      // What goes wrong unforeseen is told, not lost in the extension host.
      await parts.report.attempt(vscode.l10n.t("Hostrun failed"), async () => command(argument));
    }),
  );
  return vscode.Disposable.from(...registered);
}

/** A command of a row. Hidden commands can be called by anyone with anything. */
function onRow<T>(parse: (argument: unknown) => T | undefined, act: (row: T) => unknown): Command {
  return (argument) => {
    const row = parse(argument);
    if (row !== undefined) return act(row);
    const again = vscode.l10n.t("The list was just being read again. Please try once more.");
    return vscode.window.showInformationMessage(again);
  };
}

function rowHost(list: HostList): (argument: unknown) => Host | undefined {
  return (argument) => {
    const host = member(argument, "host");
    const name = member(host, "name");
    return typeof name === "string" ? list.named(name) : undefined;
  };
}

function rowRun(argument: unknown): Run | undefined {
  return Run.safeParse(member(argument, "run")).data;
}

function member(thing: unknown, name: string): unknown {
  return typeof thing === "object" && thing !== null ? Reflect.get(thing, name) : undefined;
}
