import * as vscode from "vscode";
import type { Dashboard } from "./dashboard/dashboard.ts";
import type { DaemonCommands } from "./daemon/daemon-commands.ts";
import { Job } from "../protocol/job.ts";
import { Run } from "../protocol/run.ts";
import type { Host } from "../protocol/host.ts";
import type { PanelTool } from "../protocol/panel.ts";
import type { FocusedRow } from "./focused-row.ts";
import type { GroupCommands } from "./hosts/group-commands.ts";
import type { HostCommands } from "./hosts/host-commands.ts";
import type { HostFilter } from "./hosts/host-filter.ts";
import type { HostForm } from "./hosts/host-form.ts";
import type { HostList } from "./hosts/host-list.ts";
import type { HostMarks } from "./hosts/host-marks.ts";
import type { HostNode } from "./hosts/host-tree.ts";
import { pressEntryKey } from "./input/entry-key.ts";
import { installCli } from "./install-cli.ts";
import type { JobCommands } from "./jobs/job-commands.ts";
import type { KeyCommands } from "./keys/key-commands.ts";
import type { ProblemReport } from "./problem-report.ts";
import type { HistoryCommands } from "./runs/history-commands.ts";
import type { RunCommands } from "./runs/run-commands.ts";
import type { RunSearchCommands } from "./runs/run-search-commands.ts";
import type { RunNode } from "./runs/run-nodes.ts";
import type { SnippetCommands } from "./snippets/snippet-commands.ts";
import type { RunPanels } from "./terminal/run-panels.ts";

export interface CommandParts {
  readonly daemon: DaemonCommands;
  readonly hosts: HostCommands;
  readonly form: HostForm;
  readonly groups: GroupCommands;
  readonly marks: HostMarks;
  readonly keys: KeyCommands;
  readonly runs: RunCommands;
  readonly history: HistoryCommands;
  readonly jobs: JobCommands;
  readonly snippets: SnippetCommands;
  readonly searchCommands: RunSearchCommands;
  readonly hostFilter: HostFilter;
  readonly focused: { readonly hosts: FocusedRow<HostNode>; readonly runs: FocusedRow<RunNode> };
  readonly hostList: HostList;
  readonly panels: RunPanels;
  readonly dashboard: Dashboard;
  readonly report: ProblemReport;
  readonly log: vscode.LogOutputChannel;
  readonly extensionUri: vscode.Uri;
  refresh(): Promise<void>;
}

/** `selected`: all selected rows, if the command belongs to one of them. */
type Command = (argument: unknown, selected?: unknown) => unknown;

/**
 * Registers every command of package.json. Commands of a row have separate names: VS Code passes no row when the tree
 * is being reloaded at that moment, and the intended row must not be guessed.
 */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const { daemon, runs, panels, log } = parts;
  const tool = (name: PanelTool) => () => panels.active?.post({ type: "tool", tool: name });
  const commands: Record<string, Command> = {
    runOnHost: () => runs.runOnHost(),
    runSelection: () => runs.runFromEditor(),
    runLine: () => runs.runFromEditor(),
    openRun: () => runs.open(),
    runAgain: () => runs.again(),
    cancelRun: () => runs.cancel(),
    loadMoreRuns: () => runs.loadMore(),
    ...hostCommands(parts),
    refresh: () => parts.refresh(),
    startDaemon: () => daemon.start(),
    restartDaemon: () => daemon.restart(),
    stopDaemon: () => daemon.stop(),
    showLog: () => log.show(true),
    showDaemonLog: () => daemon.showLog(),
    doctor: () => daemon.doctor(),
    showMenu: () => daemon.showMenu(),
    openDashboard: () => parts.dashboard.show(),
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
    searchRuns: () => parts.searchCommands.search(),
    filterRuns: () => parts.searchCommands.filter(),
    clearRunFilter: () => parts.searchCommands.clear(),
    deleteRun: () => runs.delete(),
    copyCommand: () => runs.copyCommand(),
    showRunLog: () => runs.showLog(),
    runFile: (file) => runs.runFile(file instanceof vscode.Uri ? file : undefined),
    installCli: () => installCli(parts.extensionUri),
    ...rowCommands(parts),
    ...jobCommands(parts),
    ...historyCommands(parts),
    ...keyCommands(parts),
    ...snippetCommands(parts),
  };
  const registered = Object.entries(commands).map(([name, command]) =>
    vscode.commands.registerCommand(`hostrun.${name}`, async (argument: unknown, selected: unknown) => {
      // Unexpected failures are reported rather than lost in the extension host.
      await parts.report.attempt(vscode.l10n.t("Hostrun failed"), async () => command(argument, selected));
    }),
  );
  return vscode.Disposable.from(...registered);
}

function hostCommands({ hosts, runs, hostFilter, keys }: CommandParts): Record<string, Command> {
  return {
    openHost: () => runs.openHost(),
    addHost: () => hosts.add(),
    editHost: () => hosts.edit(),
    duplicateHost: () => hosts.duplicate(),
    deleteHost: () => hosts.remove(),
    copyAddress: () => hosts.copyAddress(),
    testConnection: () => hosts.test(),
    importSshConfig: () => hosts.importSshConfig(),
    importHosts: () => hosts.importFile(),
    exportHosts: () => hosts.exportHosts(),
    filterHosts: () => hostFilter.ask(),
    clearHostFilter: () => hostFilter.clear(),
    showKnownHosts: () => keys.showKnownHosts(),
    makeKey: () => keys.makeKey(),
    installKey: () => keys.installKey(),
  };
}

function jobCommands({ jobs, runs, hostList }: CommandParts): Record<string, Command> {
  const host = rowHost(hostList);
  return {
    runOnHosts: () => jobs.run(),
    runOnGroupRow: onRow(rowGroup, (path) => jobs.runOnGroup(path)),
    openJobRow: onRow(rowJob, (job) => jobs.open(job)),
    jobAgainRow: onRow(rowJob, (job) => jobs.again(job)),
    cancelJobRow: onRow(rowJob, (job) => jobs.cancel(job)),
    runOnRow: (argument, selected) => {
      const rows = Array.isArray(selected) ? selected.map((row: unknown) => rowTarget(row)) : [];
      const targets = rows.filter((target) => target !== undefined);
      if (targets.length > 1) return jobs.run({ targets });
      return onRow(host, (row) => runs.runOnHost(row))(argument);
    },
  };
}

/** The target in a job for a row of the hosts tree. */
function rowTarget(row: unknown): string | undefined {
  const path = rowGroup(row);
  if (path !== undefined) return `group:${path}`;
  const name = member(member(row, "host"), "name");
  return typeof name === "string" ? name : undefined;
}

function rowCommands({ hosts, form, groups, marks, runs, hostList }: CommandParts): Record<string, Command> {
  const host = rowHost(hostList);
  return {
    openHostRow: onRow(host, (row) => runs.openHost(row)),
    editHostRow: onRow(host, (row) => hosts.edit(row)),
    duplicateHostRow: onRow(host, (row) => hosts.duplicate(row)),
    deleteHostRow: onRow(host, (row) => hosts.remove(row)),
    copyAddressRow: onRow(host, (row) => hosts.copyAddress(row)),
    testConnectionRow: onRow(host, (row) => hosts.test(row)),
    markProductionRow: onRow(host, (row) => marks.setProduction(row, true)),
    unmarkProductionRow: onRow(host, (row) => marks.setProduction(row, false)),
    setGroupRow: onRow(host, (row) => marks.askGroup(row)),
    setColorRow: onRow(host, (row) => marks.askColor(row)),
    addFavoriteRow: onRow(host, (row) => marks.setFavorite(row, true)),
    removeFavoriteRow: onRow(host, (row) => marks.setFavorite(row, false)),
    setConnectionRow: onRow(host, (row) => form.editConnection(row)),
    addHostToGroupRow: onRow(rowGroup, (path) => groups.addHost(path)),
    renameGroupRow: onRow(rowGroup, (path) => groups.rename(path)),
    removeGroupRow: onRow(rowGroup, (path) => groups.remove(path)),
    openRunRow: onRow(rowRun, (row) => runs.open(row)),
    runAgainRow: onRow(rowRun, (row) => runs.again(row)),
    cancelRunRow: onRow(rowRun, (row) => runs.cancel(row)),
    copyCommandRow: onRow(rowRun, (row) => runs.copyCommand(row)),
    showRunLogRow: onRow(rowRun, (row) => runs.showLog(row)),
  };
}

function historyCommands({ history, runs }: CommandParts): Record<string, Command> {
  return {
    pinRun: () => history.togglePinned(),
    noteRun: () => history.note(),
    compareWithPreviousRun: () => history.compareWithPrevious(),
    runAgainElsewhere: () => history.againElsewhere(),
    exportRun: () => history.save([]),
    exportShownRuns: () => history.saveShown(),
    deleteShownRuns: () => history.forgetShown(),
    groupRuns: () => history.groupBy(),
    pinRunRow: onRuns((rows) => history.setPinned(rows, true)),
    unpinRunRow: onRuns((rows) => history.setPinned(rows, false)),
    noteRunRow: onRow(rowRun, (row) => history.note(row)),
    compareRunRows: onRuns((rows) => history.compare(rows)),
    compareWithPreviousRow: onRow(rowRun, (row) => history.compareWithPrevious(row)),
    runAgainElsewhereRow: onRow(rowRun, (row) => history.againElsewhere(row)),
    exportRunRow: onRuns((rows) => history.save(rows)),
    deleteRunRow: onRuns((rows) => {
      const [row, ...more] = rows;
      return row !== undefined && more.length === 0 ? runs.delete(row) : history.forget(rows);
    }),
  };
}

function snippetCommands({ snippets }: CommandParts): Record<string, Command> {
  return {
    runSnippet: () => snippets.run(),
    saveSnippet: () => snippets.save(),
    editSnippet: () => snippets.edit(),
    deleteSnippet: () => snippets.remove(),
    saveSnippetRow: onRow(rowRun, (row) => snippets.save(row)),
  };
}

/** Keyboard commands for the focused row. */
function keyCommands({ hosts, groups, runs, history, focused }: CommandParts): Record<string, Command> {
  return {
    editFocusedRow: async () => {
      const node = await focused.hosts.take();
      if (node?.kind === "host") await hosts.edit(node.host);
      if (node?.kind === "group") await groups.rename(node.path);
    },
    deleteFocusedHost: async () => {
      const node = await focused.hosts.take();
      if (node?.kind === "host") await hosts.remove(node.host);
      if (node?.kind === "group") await groups.remove(node.path);
    },
    deleteFocusedRun: async () => {
      const rows = (await focused.runs.takeAll()).flatMap((node) => (node.kind === "run" ? [node.run] : []));
      const [row, ...more] = rows;
      if (row !== undefined) await (more.length === 0 ? runs.delete(row) : history.forget(rows));
    },
    noteFocusedRun: async () => {
      const node = await focused.runs.take();
      if (node?.kind === "run") await history.note(node.run);
    },
    pressEntryKey,
    copyFocusedCommand: async () => {
      const node = await focused.runs.take();
      if (node?.kind === "run") await runs.copyCommand(node.run);
    },
  };
}

/** A command for a row. Hidden commands can be called by anyone, with any argument. */
function onRow<T>(parse: (argument: unknown) => T | undefined, act: (row: T) => unknown): Command {
  return (argument) => {
    const row = parse(argument);
    if (row !== undefined) return act(row);
    const again = vscode.l10n.t("The list was being refreshed. Please try again.");
    return vscode.window.showInformationMessage(again);
  };
}

/** The same for all selected runs, if the row is one of them. */
function onRuns(act: (runs: readonly Run[]) => unknown): Command {
  return (argument, selected) => {
    const rows = Array.isArray(selected) ? selected.flatMap((row: unknown) => rowRun(row) ?? []) : [];
    return rows.length > 1 ? act(rows) : onRow(rowRun, (row) => act([row]))(argument);
  };
}

function rowHost(list: HostList): (argument: unknown) => Host | undefined {
  return (argument) => {
    const host = member(argument, "host");
    const name = member(host, "name");
    return typeof name === "string" ? list.named(name) : undefined;
  };
}

function rowGroup(argument: unknown): string | undefined {
  const path = member(argument, "path");
  return member(argument, "kind") === "group" && typeof path === "string" ? path : undefined;
}

function rowJob(argument: unknown): Job | undefined {
  return Job.safeParse(member(argument, "job")).data;
}

function rowRun(argument: unknown): Run | undefined {
  return Run.safeParse(member(argument, "run")).data;
}

function member(thing: unknown, name: string): unknown {
  return typeof thing === "object" && thing !== null ? Reflect.get(thing, name) : undefined;
}
