import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { HostCommands } from "../hosts/host-commands.ts";
import { hostAddress } from "../hosts/host-address.ts";
import { askChoice, commandLabel, plainLabel, separator, type ChoiceItem } from "../input/choice.ts";
import { oneLine, shortened } from "../plain-text.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { PreparedPanel } from "../terminal/prepared-panel.ts";
import type { RunPanels } from "../terminal/run-panels.ts";
import { commandProblem, lineCount } from "./command-choice.ts";
import { confirmedAs } from "./command-confirmation.ts";
import { markCommand } from "./command-mark.ts";
import { commandRanges, editorCommand } from "./editor-command.ts";
import type { RunList } from "./run-list.ts";
import type { RunLog } from "./run-log.ts";
import { askRun, type RunQuestions, type ChosenRun } from "./run-on-host.ts";
import { relativeTime, stateIcon, stateLabel } from "./run-labels.ts";
import type { RunSearch } from "./run-search.ts";
import type { Runner } from "./runner.ts";
import { scriptCommand } from "./script-command.ts";
import type { SaveOffer } from "./save-offer.ts";

export interface RunCommandParts {
  readonly daemon: Daemon;
  readonly runs: RunList;
  readonly search: RunSearch;
  readonly log: RunLog;
  readonly runner: Runner;
  readonly panels: RunPanels;
  readonly questions: RunQuestions;
  readonly hostCommands: HostCommands;
  readonly saveOffer: SaveOffer;
  readonly report: ProblemReport;
  /** Reads the lists, unless they have been read. */
  start(): Promise<void>;
}

type HostAction = { readonly run: Run } | "run" | "test" | "edit" | "copy";

/** Commands for runs, from their rows, the editor, or the palette. */
export class RunCommands {
  readonly #parts: RunCommandParts;
  /** A command for a production host that was typed and then not confirmed: the input contains it the next time. */
  #unrun: ChosenRun | undefined;
  /** Ends the list of the host that is being shown. */
  #opened = new AbortController();

  constructor(parts: RunCommandParts) {
    this.#parts = parts;
  }

  async runOnHost(host?: Host): Promise<void> {
    await this.#parts.start();
    const unrun = this.#unrun;
    this.#unrun = undefined;
    using prepared = this.#parts.panels.prepare();
    const chosen = await askRun(this.#parts.questions, {
      host,
      unrun,
      typing: (target) => this.#load(prepared, target),
    });
    if (chosen === undefined) return;
    const isRun = await this.#run(chosen, prepared);
    const isProduction = this.#parts.questions.hosts.production(chosen.host) !== undefined;
    if (!isRun && isProduction && lineCount(chosen.command) === 1) this.#unrun = chosen;
  }

  /** Runs what was chosen elsewhere, in a new tab. */
  async begin(chosen: ChosenRun): Promise<void> {
    using prepared = this.#parts.panels.prepare();
    await this.#run(chosen, prepared);
  }

  /** Runs the editor's selection, or the cursor's line. */
  async runFromEditor(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const command = editor === undefined ? "" : editorCommand(editor);
    if (command.trim() === "") {
      void vscode.window.showInformationMessage(
        vscode.l10n.t("There is no command here: select one in an editor, or put the cursor on its line."),
      );
      return;
    }
    const problem = commandProblem(command);
    if (problem !== undefined) {
      void vscode.window.showErrorMessage(vscode.l10n.t("The selection cannot be run: {0}.", problem));
      return;
    }
    const chosen = await this.#askWhere(editor, command);
    using prepared = this.#parts.panels.prepare();
    if (chosen !== undefined) await this.#run(chosen, prepared);
  }

  /** Runs a whole file: the one given by the explorer or an editor's tab, else the active editor's. */
  async runFile(file?: vscode.Uri): Promise<void> {
    const uri = file ?? vscode.window.activeTextEditor?.document.uri;
    if (uri === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t("Open a file to run it on a host."));
      return;
    }
    // An open document may have unsaved changes: what the user sees is run.
    const document = await vscode.workspace.openTextDocument(uri);
    const { command, interpreter } = scriptCommand(document.getText());
    if (command === undefined) {
      const what = vscode.l10n.t("{0} cannot be given a file that is not on its host.", interpreter ?? "");
      void vscode.window.showErrorMessage(what);
      return;
    }
    const problem = commandProblem(command);
    if (problem !== undefined) {
      void vscode.window.showErrorMessage(vscode.l10n.t("The file cannot be run: {0}.", problem));
      return;
    }
    await this.#parts.start();
    const chosen = await askRun(this.#parts.questions, { command });
    using prepared = this.#parts.panels.prepare();
    if (chosen !== undefined) await this.#run(chosen, prepared);
  }

  /** Shows the details of a host, and its actions. */
  async openHost(row?: Host): Promise<void> {
    const { hostCommands } = this.#parts;
    const host = await hostCommands.chosen(row, vscode.l10n.t("Open Host"));
    if (host === undefined) return;
    // A double click on a row runs its command twice, and its second click may take the focus from the first one's list.
    this.#opened.abort();
    this.#opened = new AbortController();
    const { signal } = this.#opened;
    const answer = await askChoice<HostAction>(
      { placeholder: hostAddress(host), items: this.#actions(host) },
      { title: host.name, step: 1, totalSteps: 1, closesOnBlur: true, signal },
    );
    if (typeof answer === "string") return;
    const action = answer.value;
    if (action === "run") await this.runOnHost(host);
    else if (action === "test") await hostCommands.test(host);
    else if (action === "edit") await hostCommands.edit(host);
    else if (action === "copy") await hostCommands.copyAddress(host);
    else this.#parts.panels.open(action.run);
  }

  async open(row?: Run): Promise<void> {
    const run = await this.chosen(row, vscode.l10n.t("Open Run"), () => true);
    if (run !== undefined) this.#parts.panels.open(run);
  }

  async again(row?: Run): Promise<void> {
    const run = await this.chosen(row, vscode.l10n.t("Run Again"), () => true);
    const repeated = run === undefined ? undefined : await this.#parts.runner.again(run);
    if (repeated !== undefined) this.#parts.panels.open(repeated, true);
  }

  async cancel(row?: Run): Promise<void> {
    const alive = (run: Run): boolean => run.state !== "ended";
    const run = await this.chosen(row, vscode.l10n.t("Cancel Run"), alive);
    if (run !== undefined) await this.#parts.runner.cancel(run.id);
  }

  async loadMore(): Promise<void> {
    await this.#parts.report.attempt(vscode.l10n.t("Older runs could not be read"), () =>
      this.#parts.search.loadMore(),
    );
  }

  async showLog(row?: Run): Promise<void> {
    const run = await this.chosen(row, vscode.l10n.t("Show Debug Log of Run"), () => true);
    if (run !== undefined) await this.#parts.log.show(run);
  }

  async copyCommand(row?: Run): Promise<void> {
    const run = await this.chosen(row, vscode.l10n.t("Copy Command"), () => true);
    if (run === undefined) return;
    await vscode.env.clipboard.writeText(run.command);
    vscode.window.setStatusBarMessage(vscode.l10n.t("Copied the command"), 3000);
  }

  async delete(row?: Run): Promise<void> {
    const run = await this.chosen(row, vscode.l10n.t("Delete Run"), (each) => each.state === "ended");
    if (run === undefined) return;
    if (run.state !== "ended") {
      void vscode.window.showInformationMessage(vscode.l10n.t("This run has not ended. Cancel it first."));
      return;
    }
    const remove = vscode.l10n.t("Delete");
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t("Delete this run and its output?"),
      { modal: true, detail: `${oneLine(run.host.name)}: ${shortened(run.command, 500)}` },
      remove,
    );
    if (answer !== remove) return;
    await this.#parts.report.attempt(vscode.l10n.t("The run could not be deleted"), () =>
      this.#parts.daemon.call("deleteRun", { params: { run: run.id } }),
    );
  }

  /** Asks for the host, while the command is highlighted in the editor. */
  async #askWhere(editor: vscode.TextEditor | undefined, command: string): Promise<ChosenRun | undefined> {
    using _ = editor === undefined ? undefined : markCommand(editor, commandRanges(editor));
    await this.#parts.start();
    return await askRun(this.#parts.questions, { command });
  }

  /** Not if a confirmation comes first, which has a tab of its own. */
  #load(prepared: PreparedPanel, host: Host): void {
    if (confirmedAs(this.#parts.questions.hosts, host) === undefined)
      prepared.load(vscode.l10n.t("Run on {0}", oneLine(host.name)));
  }

  /** Returns false if it was not run. */
  async #run(chosen: ChosenRun, prepared: PreparedPanel): Promise<boolean> {
    this.#load(prepared, chosen.host);
    const run = await this.#parts.runner.start(chosen);
    if (run === undefined) return false;
    const panel = this.#parts.panels.begin(run, prepared);
    // The command ends here; the user may answer later.
    void this.#parts.saveOffer.offer(chosen.host, run.id, panel.focusArrival());
    return true;
  }

  /** The run of a row or of the active panel, or one that the user chooses. */
  async chosen(row: Run | undefined, title: string, fits: (run: Run) => boolean): Promise<Run | undefined> {
    if (row !== undefined) return row;
    await this.#parts.start();
    const active = this.#parts.runs.find(this.#parts.panels.active?.runId ?? "");
    if (active !== undefined && fits(active)) return active;
    const fitting = this.#parts.runs.runs.filter(fits);
    if (fitting.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("No such run."));
      return undefined;
    }
    const answer = await askChoice<Run>(
      // Some actions on the chosen run, e.g. running it again, must not be triggered by a stray Enter.
      { placeholder: vscode.l10n.t("Choose a run"), items: fitting.map(runEntry), preselects: false },
      { title, step: 1, totalSteps: 1 },
    );
    return typeof answer === "string" ? undefined : answer.value;
  }

  #actions(host: Host): readonly ChoiceItem<HostAction>[] {
    const runs = this.#parts.runs.runs.filter((run) => run.host.name === host.name).slice(0, 20);
    const edit = host.id === null ? vscode.l10n.t("Open SSH Config") : vscode.l10n.t("Edit Host…");
    return [
      { label: `$(play) ${vscode.l10n.t("Run Command…")}`, value: "run" },
      { label: `$(plug) ${vscode.l10n.t("Test Connection")}`, value: "test" },
      { label: `$(edit) ${edit}`, value: "edit" },
      { label: `$(copy) ${vscode.l10n.t("Copy Address")}`, value: "copy" },
      ...(runs.length > 0 ? [separator(vscode.l10n.t("recent runs"))] : []),
      ...runs.map((run) => ({ ...runEntry(run), value: { run } })),
    ];
  }
}

/** A long command would push a description out of sight: what distinguishes runs is on a line of its own. */
function runEntry(run: Run): ChoiceItem<Run> {
  const notes = [stateLabel(run), run.host.name, relativeTime(run.createdAt)];
  return {
    iconPath: stateIcon(run),
    label: commandLabel(run.command),
    detail: plainLabel(notes.join(" · ")),
    value: run,
  };
}
