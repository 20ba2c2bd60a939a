import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { examine } from "../../client/doctor.ts";
import { isSilent } from "../../client/discover.ts";
import { version } from "../../package.json";
import { askChoice } from "../input/choice.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { RunList } from "../runs/run-list.ts";
import { openSettings } from "../settings-page.ts";
import type { DaemonLink } from "./link.ts";
import { doctorText } from "./doctor-text.ts";
import { describeState } from "./status-bar.ts";

/** Starts, stops and inspects the daemon. */
export class DaemonCommands {
  readonly #link: DaemonLink;
  readonly #runs: RunList;
  readonly #report: ProblemReport;
  readonly #log: vscode.LogOutputChannel;
  #doctor: vscode.OutputChannel | undefined;

  constructor(link: DaemonLink, runs: RunList, report: ProblemReport, log: vscode.LogOutputChannel) {
    this.#link = link;
    this.#runs = runs;
    this.#report = report;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.#report.attempt(vscode.l10n.t("The daemon could not be started"), () => this.#link.retry());
    if (this.#link.state.kind === "connected") this.#say();
  }

  async restart(): Promise<void> {
    if (!(await this.#mayEndRuns(vscode.l10n.t("Restart")))) return;
    await this.#report.attempt(vscode.l10n.t("The daemon could not be restarted"), async () => {
      const { state, startedWith } = this.#link;
      const isThere = state.kind === "connected" || (state.kind === "failed" && isSilent(state.problem));
      if (isThere) await this.#link.checkStart();
      if (isThere && !(await this.#end())) return;
      await this.#link.retry(startedWith);
      this.#say();
    });
  }

  async stop(): Promise<void> {
    if (!(await this.#mayEndRuns(vscode.l10n.t("Stop")))) return;
    await this.#report.attempt(vscode.l10n.t("The daemon could not be stopped"), () => this.#end());
  }

  async showLog(): Promise<void> {
    const { log } = this.#link.places;
    if (existsSync(log)) await vscode.window.showTextDocument(vscode.Uri.file(log));
    else {
      void vscode.window.showInformationMessage(
        vscode.l10n.t("The daemon has written no log yet. It will be {0}.", log),
      );
    }
  }

  /** Shows the problems found, and how to fix them, in a document. */
  async doctor(): Promise<void> {
    const checks = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Checking for problems…") },
      () =>
        examine({
          places: this.#link.places,
          version,
          environment: process.env,
          nodeVersion: process.versions.node,
          daemonScript: this.#link.daemonScript,
        }),
    );
    this.#doctor ??= vscode.window.createOutputChannel("Hostrun Doctor");
    this.#doctor.replace(doctorText(checks));
    this.#doctor.show();
  }

  /** The menu of the status bar item. */
  async showMenu(): Promise<void> {
    const answer = await askChoice<string>(
      {
        placeholder: describeState(this.#link.state),
        items: [
          { label: `$(play) ${vscode.l10n.t("Run on Host…")}`, value: "hostrun.runOnHost" },
          { label: `$(history) ${vscode.l10n.t("Show Runs")}`, value: "hostrun.runs.focus" },
          { label: `$(dashboard) ${vscode.l10n.t("Open Dashboard")}`, value: "hostrun.openDashboard" },
          { label: `$(output) ${vscode.l10n.t("Show Log")}`, value: "hostrun.showLog" },
          { label: `$(file) ${vscode.l10n.t("Show Daemon Log")}`, value: "hostrun.showDaemonLog" },
          { label: `$(pulse) ${vscode.l10n.t("Doctor")}`, value: "hostrun.doctor" },
          {
            label: `$(debug-restart) ${vscode.l10n.t("Restart Daemon")}`,
            value: "hostrun.restartDaemon",
          },
          { label: `$(settings-gear) ${vscode.l10n.t("Settings")}`, value: "settings" },
        ],
      },
      { title: "Hostrun", step: 1, totalSteps: 1 },
    );
    if (typeof answer === "string") return;
    if (answer.value !== "settings") await vscode.commands.executeCommand(answer.value);
    else await openSettings();
  }

  /**
   * Reports why the daemon is unavailable, whenever that happens, with a button to try again; until it is disposed of.
   */
  watch(): vscode.Disposable {
    const states = this.#link.onDidChangeState((state) => {
      this.#log.debug(`The daemon is ${state.kind}`);
      void vscode.commands.executeCommand("setContext", "hostrun.daemon", state.kind);
      if (state.kind !== "failed") return;
      const next = isSilent(state.problem)
        ? { title: vscode.l10n.t("Restart"), act: () => this.restart() }
        : { title: vscode.l10n.t("Retry"), act: () => this.start() };
      this.#report.show(vscode.l10n.t("Hostrun's daemon is not available"), state.problem, next);
    });
    return vscode.Disposable.from(states, { dispose: () => this.#doctor?.dispose() });
  }

  /** Stops the daemon; one that does not answer is killed if the user agrees. False if they do not. */
  async #end(): Promise<boolean> {
    try {
      await this.#link.stop();
      return true;
    } catch (failure) {
      if (!isSilent(failure)) throw failure;
      const action = vscode.l10n.t("End by Force");
      const answer = await vscode.window.showWarningMessage(
        vscode.l10n.t("The daemon does not answer"),
        { modal: true, detail: vscode.l10n.t("Its runs lose their connection when it is ended by force.") },
        action,
      );
      if (answer !== action) return false;
      await this.#link.end();
      return true;
    }
  }

  #say(): void {
    vscode.window.setStatusBarMessage(describeState(this.#link.state), 5000);
  }

  /** Asks before an action that ends the daemon's runs. */
  async #mayEndRuns(action: string): Promise<boolean> {
    const count = this.#runs.alive.length;
    if (count === 0) return true;
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t("Commands are running: {0}", count),
      { modal: true, detail: vscode.l10n.t("They lose their connection when the daemon stops.") },
      action,
    );
    return answer === action;
  }
}
