import * as vscode from "vscode";
import type { DaemonCommands } from "./daemon/daemon-commands.ts";
import type { HostCommands } from "./hosts/host-commands.ts";
import type { ProblemReport } from "./problem-report.ts";
import type { RunCommands } from "./runs/run-commands.ts";
import type { RunPanels } from "./terminal/run-panels.ts";

export interface CommandParts {
  readonly daemon: DaemonCommands;
  readonly hosts: HostCommands;
  readonly runs: RunCommands;
  readonly panels: RunPanels;
  readonly report: ProblemReport;
  readonly log: vscode.LogOutputChannel;
  refresh(): Promise<void>;
}

type Command = (argument: unknown) => unknown;

/** Registers every command of package.json. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const { daemon, hosts, runs, panels, log } = parts;
  const tool = (name: "find" | "copy" | "clear" | "toggleLog") => () =>
    panels.active?.post({ type: "tool", tool: name });
  const commands: Record<string, Command> = {
    runOnHost: (row) => runs.runOnHost(row),
    runSelection: () => runs.runFromEditor(),
    runLine: () => runs.runFromEditor(),
    openRun: (row) => runs.open(row),
    runAgain: (row) => runs.again(row),
    cancelRun: (row) => runs.cancel(row),
    loadMoreRuns: () => runs.loadMore(),
    openHost: (row) => runs.openHost(row),
    addHost: () => hosts.add(),
    editHost: (row) => hosts.edit(row),
    duplicateHost: (row) => hosts.duplicate(row),
    deleteHost: (row) => hosts.remove(row),
    copyAddress: (row) => hosts.copyAddress(row),
    testConnection: (row) => hosts.test(row),
    importSshConfig: () => hosts.importSshConfig(),
    refresh: () => parts.refresh(),
    startDaemon: () => daemon.start(),
    restartDaemon: () => daemon.restart(),
    stopDaemon: () => daemon.stop(),
    showLog: () => log.show(true),
    showDaemonLog: () => daemon.showLog(),
    showMenu: () => daemon.showMenu(),
    findInPanel: tool("find"),
    copyPanel: tool("copy"),
    clearPanel: tool("clear"),
    togglePanelLog: tool("toggleLog"),
  };
  const registered = Object.entries(commands).map(([name, command]) =>
    vscode.commands.registerCommand(`hostrun.${name}`, async (argument: unknown) => {
      // What goes wrong unforeseen is told, not lost in the extension host.
      await parts.report.attempt(vscode.l10n.t("Hostrun failed"), async () => command(argument));
    }),
  );
  return vscode.Disposable.from(...registered);
}
