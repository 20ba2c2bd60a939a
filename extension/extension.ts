import * as vscode from "vscode";
import type { Host } from "../protocol/host.ts";
import { version } from "../package.json";
import { registerCommands } from "./commands.ts";
import { Dashboard } from "./dashboard/dashboard.ts";
import { DaemonCommands } from "./daemon/daemon-commands.ts";
import { DaemonLink } from "./daemon/link.ts";
import { followSettings } from "./daemon/settings-sync.ts";
import { showStatus } from "./daemon/status-bar.ts";
import { watchSshConfig } from "./hosts/config-watch.ts";
import { EarlyConnect, type PreconnectSetting } from "./hosts/early-connect.ts";
import { GroupCommands } from "./hosts/group-commands.ts";
import { HostCommands } from "./hosts/host-commands.ts";
import { HostDrag } from "./hosts/host-drag.ts";
import { HostForm } from "./hosts/host-form.ts";
import { wasAsked } from "./hosts/host-key-trust.ts";
import { HostList } from "./hosts/host-list.ts";
import { HostMarks } from "./hosts/host-marks.ts";
import { JobCommands } from "./jobs/job-commands.ts";
import { JobList } from "./jobs/job-list.ts";
import { JobNotices } from "./jobs/job-notices.ts";
import { JobPanels } from "./jobs/job-panels.ts";
import { JobStarter } from "./jobs/job-starter.ts";
import { JobTools } from "./jobs/job-tools.ts";
import { refreshCli } from "./install-cli.ts";
import { KeyCommands } from "./keys/key-commands.ts";
import { KeyOffer } from "./keys/key-offer.ts";
import { problemActions } from "./problem-actions.ts";
import { KeptSecrets } from "./prompts/kept-secrets.ts";
import { OwnQuestions } from "./prompts/own-questions.ts";
import { PromptDialogs, type PromptDialogsParts } from "./prompts/prompt-dialogs.ts";
import { ProblemReport } from "./problem-report.ts";
import { createConfirmation } from "./runs/command-confirmation.ts";
import { type HistoryCommandParts, HistoryCommands } from "./runs/history-commands.ts";
import { type RunCommandParts, RunCommands } from "./runs/run-commands.ts";
import { RunList } from "./runs/run-list.ts";
import { RunLog } from "./runs/run-log.ts";
import { agentSocket, Runner } from "./runs/runner.ts";
import { SaveOffer } from "./runs/save-offer.ts";
import { type SnippetCommandParts, SnippetCommands } from "./snippets/snippet-commands.ts";
import { SnippetFiles } from "./snippets/snippet-files.ts";
import { createStart } from "./start-lists.ts";
import { FinishedNotices } from "./terminal/finished-notices.ts";
import { OutputDocuments } from "./terminal/output-documents.ts";
import { PanelTools } from "./terminal/panel-tools.ts";
import { RunPanels } from "./terminal/run-panels.ts";
import { provideTasks } from "./tasks/tasks.ts";
import { showTrees } from "./trees.ts";

/** Wires the parts together. Nothing is read or started here: the daemon is found when it is first needed. */
export function activate(context: vscode.ExtensionContext): void {
  const { subscriptions, extensionUri, workspaceState } = context;
  const log = vscode.window.createOutputChannel("Hostrun", { log: true });
  const report = new ProblemReport(log, (problem) => problemActions(problem, (name) => hosts.named(name)));
  const daemonScript = vscode.Uri.joinPath(extensionUri, "dist", "daemon.cjs").fsPath;
  const link = new DaemonLink(daemonScript, version, log);
  const hosts = new HostList(link);
  const runs = new RunList(link);
  const start = createStart(link, hosts, runs, report);
  const typed: PromptDialogsParts["typed"] = (prompt) => tools.offer.typed(prompt);
  const { own, dialogs } = openPrompts(context, { daemon: link, report, log, typed });
  const shared = { daemon: link, hosts, runs, report, own, start };
  const output = openOutput({ ...shared, log, extensionUri });
  const tools = openHostTools(shared, context.globalState);
  const { form, hostCommands } = tools;
  const jobs = openJobs({ ...shared, ...output, log, extensionUri });
  const trees = showTrees({
    ...shared,
    jobs: jobs.list,
    memory: context.globalState,
    drag: new HostDrag({ hosts, ...tools }),
  });
  const addHost = (text: string): Promise<Host | undefined> => form.add(text);
  const early = openEarlyConnect(link, log);
  const questions = { daemon: link, hosts, runs, early, addHost, several: jobs.several };
  const saveOffer = new SaveOffer(hosts, runs, addHost);
  const ofRuns = { ...shared, ...output, ...trees, log: output.runLog, questions, hostCommands, saveOffer };
  const daemon = new DaemonCommands(link, runs, report, log);
  const dashboard = new Dashboard({ daemon: link, report, extensionUri });
  subscriptions.push(dashboard, early, log, link, hosts, runs, trees, own, dialogs, tools.offer);
  subscriptions.push(...output.owned, ...jobs.owned);
  subscriptions.push(
    link.onDidChange(({ type }) => type === "reset" && output.panels.recover()),
    watchSshConfig(hosts, () => void hosts.refresh().catch(() => undefined)),
    daemon.watch(),
    showStatus(link, runs),
    followSettings(link, report, { log, memory: context.globalState }),
    provideTasks({ ...shared, starter: jobs.starter, extensionUri, workspaceState }),
    registerCommands({
      ...shared,
      ...trees,
      ...tools,
      daemon,
      dashboard,
      panels: output.panels,
      log,
      extensionUri,
      hosts: hostCommands,
      hostList: hosts,
      ...openRunCommands({ ...ofRuns, runList: runs, jobs: jobs.commands, subscriptions }),
      jobs: jobs.commands,
      refresh: async () => {
        await start();
        await Promise.all([hosts.refresh(), runs.refresh()]);
      },
    }),
  );
  void refreshCli(extensionUri);
  subscriptions.push(endStarting());
}

type RunParts = RunCommandParts &
  Omit<HistoryCommandParts & SnippetCommandParts, "runs" | "hosts" | "files" | "addHost"> &
  Pick<vscode.ExtensionContext, "subscriptions">;

function openRunCommands({ subscriptions, ...parts }: RunParts) {
  const runs = new RunCommands(parts);
  const files = new SnippetFiles(parts.daemon);
  subscriptions.push(files);
  const { hosts } = parts.questions;
  const addHost = (text: string): Promise<Host | undefined> => parts.questions.addHost(text);
  return {
    runs,
    history: new HistoryCommands({ ...parts, runs }),
    snippets: new SnippetCommands({ ...parts, runs, hosts, files, addHost }),
  };
}

/**
 * Until here an empty view was shown in place of the trees: for a tree whose extension is not active yet, VS Code
 * reports that there is no data provider. The trees are shown as busy until they are filled.
 */
function endStarting(): vscode.Disposable {
  const filled = vscode.window.registerWebviewViewProvider("hostrun.starting", {
    resolveWebviewView: () => undefined,
  });
  void vscode.commands.executeCommand("setContext", "hostrun.active", true);
  return filled;
}

function openEarlyConnect(daemon: DaemonLink, log: vscode.LogOutputChannel): EarlyConnect {
  const setting = (): PreconnectSetting =>
    vscode.workspace.getConfiguration("hostrun").get<PreconnectSetting>("preconnect", "off");
  const connect = (host: string): Promise<unknown> =>
    daemon.call("connectHost", { params: { host }, body: { agentSocket: agentSocket() } });
  return new EarlyConnect({ connect, log, setting });
}

/** The daemon's prompts to the user of this window. */
function openPrompts(
  { secrets }: vscode.ExtensionContext,
  { log, ...parts }: Pick<OutputParts, "daemon" | "report" | "log"> & Pick<PromptDialogsParts, "typed">,
) {
  const own = new OwnQuestions();
  return { own, dialogs: new PromptDialogs({ ...parts, own, kept: new KeptSecrets(secrets, log) }) };
}

type HostToolsParts = Omit<ConstructorParameters<typeof HostCommands>[0], "form">;

/** Everything that edits hosts and works with them, except running commands. */
function openHostTools(parts: HostToolsParts, memory: vscode.Memento) {
  const form = new HostForm(parts);
  const hostCommands = new HostCommands({ ...parts, form });
  const marks = new HostMarks(parts);
  const groups = new GroupCommands(parts.hosts, marks, () => hostCommands.add());
  const keys = new KeyCommands({ ...parts, hostCommands });
  const offer = new KeyOffer({
    daemon: parts.daemon,
    memory,
    named: (name) => parts.hosts.named(name),
    use: (host) => keys.useKey(host),
  });
  return { form, hostCommands, marks, groups, keys, offer };
}

interface OutputParts {
  readonly daemon: DaemonLink;
  readonly hosts: HostList;
  readonly report: ProblemReport;
  readonly own: OwnQuestions;
  readonly log: vscode.LogOutputChannel;
  readonly extensionUri: vscode.Uri;
  readonly start: () => Promise<void>;
}

/** The tabs of runs, with everything that fills and uses them. */
function openOutput({ daemon, hosts, report, own, log, extensionUri, start }: OutputParts) {
  const runner = new Runner({ daemon, hosts, report, confirm: createConfirmation(extensionUri, hosts) });
  const documents = new OutputDocuments(daemon);
  const runLog = new RunLog(daemon, report);
  const finished = new FinishedNotices(daemon, (run) => panels.open(run));
  const tools = new PanelTools({ daemon, runner, report, documents, log: runLog });
  const panels = new RunPanels({
    extensionUri,
    daemon,
    hosts,
    log,
    finished,
    own,
    start,
    actionTitles: (problem) => report.actionsFor(problem).map(({ title }) => title),
    act: (panel, message) => tools.act(panel, message),
    failed: (panel, problem) => void (wasAsked(problem) || tools.trust(panel, problem)),
  });
  return { runner, runLog, panels, documents, owned: [documents, runLog, panels, finished] };
}

type JobsParts = OutputParts &
  Pick<ReturnType<typeof openOutput>, "runner" | "panels" | "documents"> & { readonly runs: RunList };

/** Runs commands on many hosts, and shows the results in tabs. */
function openJobs(parts: JobsParts) {
  const { daemon, hosts, runs, report, log, extensionUri, start } = parts;
  const starter = new JobStarter({ daemon, hosts, report, extensionUri });
  const notices = new JobNotices({
    daemon,
    open: (job) => panels.open(job),
    shows: (id) => panels.shows(id),
  });
  const tools = new JobTools({ ...parts, starter, notices });
  const panels = new JobPanels({
    extensionUri,
    daemon,
    hosts,
    log,
    start,
    act: (panel, message) => tools.act(panel, message),
  });
  const commands = new JobCommands({ hosts, runs, starter, panels, notices, start });
  const several = (command: string | undefined): Promise<void> => commands.run({ command });
  const list = new JobList(daemon);
  return { commands, several, list, starter, owned: [notices, panels, list] };
}
