import * as vscode from "vscode";
import { listedRuns } from "../../client/listed-runs.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { askChoice } from "../input/choice.ts";
import { oneLine } from "../plain-text.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { OutputDocuments } from "../terminal/output-documents.ts";
import type { RunPanels } from "../terminal/run-panels.ts";
import type { RunCommands } from "./run-commands.ts";
import { type RunGrouping, runGroupings } from "../../protocol/run-groups.ts";
import { editNote } from "./run-note.ts";
import { askRun, type RunQuestions } from "./run-on-host.ts";
import type { RunSearch } from "./run-search.ts";
import { saveRuns } from "./run-saving.ts";
import type { Runner } from "./runner.ts";
import type { RunsView } from "./runs-view.ts";

export interface HistoryCommandParts {
  readonly daemon: Daemon;
  readonly runs: RunCommands;
  readonly search: RunSearch;
  readonly runsView: RunsView;
  readonly runner: Runner;
  readonly panels: RunPanels;
  readonly documents: OutputDocuments;
  readonly questions: RunQuestions;
  readonly report: ProblemReport;
}

/** Commands for recorded runs: pin, annotate, compare, export, delete, and run elsewhere. */
export class HistoryCommands {
  readonly #parts: HistoryCommandParts;

  constructor(parts: HistoryCommandParts) {
    this.#parts = parts;
  }

  async setPinned(runs: readonly Run[], pinned: boolean): Promise<void> {
    await this.#parts.report.attempt(vscode.l10n.t("The run could not be pinned"), async () => {
      for (const { id } of runs) await this.#update(id, { pinned });
    });
  }

  /** Pins or unpins a run that the user chooses. */
  async togglePinned(): Promise<void> {
    const run = await this.#parts.runs.chosen(undefined, vscode.l10n.t("Pin or Unpin Run"), () => true);
    if (run !== undefined) await this.setPinned([run], !run.pinned);
  }

  async note(row?: Run): Promise<void> {
    const run = await this.#parts.runs.chosen(row, vscode.l10n.t("Edit Note of Run"), () => true);
    if (run !== undefined) await editNote(run, this.#parts);
  }

  /** Shows the output of two runs side by side, the older one on the left. */
  async compare(runs: readonly Run[]): Promise<void> {
    const [older, newer, ...more] = runs.map(({ id }) => id).sort();
    if (older === undefined || newer === undefined || more.length > 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("Select two runs to compare them."));
      return;
    }
    await this.#compare(older, newer);
  }

  /** Compares with the previous run of the same command on the same host. */
  async compareWithPrevious(row?: Run): Promise<void> {
    const run = await this.#parts.runs.chosen(row, vscode.l10n.t("Compare with Previous Run"), () => true);
    if (run === undefined) return;
    const previous = await this.#parts.report.attempt(this.#notCompared, async () => {
      const query = { previousOf: run.id, limit: "1" };
      return (await this.#parts.daemon.call("listRuns", { query })).items;
    });
    const [before] = previous ?? [];
    if (before !== undefined) await this.#compare(before.id, run.id);
    else if (previous !== undefined) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t("This command has not run on {0} before.", oneLine(run.host.name)),
      );
    }
  }

  /** Runs the same command with its options on another host. */
  async againElsewhere(row?: Run): Promise<void> {
    const { runs, runner, panels, questions } = this.#parts;
    const run = await runs.chosen(row, vscode.l10n.t("Run on Another Host"), () => true);
    if (run === undefined) return;
    const chosen = await askRun(questions, { command: run.command });
    const started = chosen === undefined ? undefined : await runner.elsewhere(run, chosen);
    if (started !== undefined) panels.open(started, true);
  }

  /** Exports the selected rows, or a run that the user chooses. */
  async save(rows: readonly Run[]): Promise<void> {
    const runs = rows.length > 0 ? rows : await this.#one(vscode.l10n.t("Export Run"));
    if (runs.length === 0) return;
    await this.#parts.report.attempt(vscode.l10n.t("The runs could not be exported"), () =>
      saveRuns(this.#parts.daemon, runs),
    );
  }

  /** Exports everything that the Runs view shows, or would show after "Load More". */
  async saveShown(): Promise<void> {
    await this.#parts.report.attempt(vscode.l10n.t("The runs could not be exported"), () =>
      saveRuns(this.#parts.daemon, listedRuns(this.#parts.daemon, this.#parts.search.filters())),
    );
  }

  async forget(runs: readonly Run[]): Promise<void> {
    const ended = runs.filter(({ state }) => state === "ended");
    await this.#forget(
      ended.filter(({ pinned }) => !pinned).map(({ id }) => id),
      ended.filter(({ pinned }) => pinned).map(({ id }) => id),
    );
  }

  /** Deletes everything that the Runs view shows, or would show after "Load More", except runs that have not ended. */
  async forgetShown(): Promise<void> {
    const [ids, pinned]: [string[], string[]] = [[], []];
    const read = await this.#parts.report.attempt(vscode.l10n.t("The runs could not be read"), async () => {
      const { daemon, search } = this.#parts;
      for await (const run of listedRuns(daemon, search.filters())) {
        if (run.state === "ended") (run.pinned ? pinned : ids).push(run.id);
      }
      return true;
    });
    if (read === true) await this.#forget(ids, pinned);
  }

  async groupBy(): Promise<void> {
    const { runsView } = this.#parts;
    const labels: Readonly<Record<RunGrouping, string>> = {
      none: vscode.l10n.t("One list, newest first"),
      day: vscode.l10n.t("Day"),
      host: vscode.l10n.t("Host"),
      job: vscode.l10n.t("Job"),
      outcome: vscode.l10n.t("Outcome"),
    };
    const answer = await askChoice<RunGrouping>(
      {
        placeholder: vscode.l10n.t("Choose what to group the runs by"),
        items: runGroupings.map((value) => ({ label: labels[value], value })),
        active: (value) => value === runsView.grouping,
      },
      { title: vscode.l10n.t("Group Runs By"), step: 1, totalSteps: 1 },
    );
    if (typeof answer !== "string") await runsView.groupBy(answer.value);
  }

  get #notCompared(): string {
    return vscode.l10n.t("The runs could not be compared");
  }

  async #compare(older: string, newer: string): Promise<void> {
    await this.#parts.report.attempt(this.#notCompared, () => this.#parts.documents.compare(older, newer));
  }

  async #one(title: string): Promise<readonly Run[]> {
    const run = await this.#parts.runs.chosen(undefined, title, () => true);
    return run === undefined ? [] : [run];
  }

  #update(run: string, body: { pinned: boolean }): Promise<Run> {
    return this.#parts.daemon.call("updateRun", { params: { run }, body });
  }

  /** Asks how much to delete; pinned runs only on explicit request. */
  async #forget(runs: readonly string[], pinned: readonly string[]): Promise<void> {
    if (runs.length + pinned.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("There is no ended run to delete."));
      return;
    }
    const some =
      runs.length === 1 ? vscode.l10n.t("Delete 1 Run") : vscode.l10n.t("Delete {0} Runs", runs.length);
    const sum = runs.length + pinned.length;
    const all =
      sum === 1
        ? vscode.l10n.t("Delete 1 Pinned Run")
        : vscode.l10n.t("Delete {0} Runs, Including Pinned", sum);
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t("Delete these runs and their output?"),
      {
        modal: true,
        detail:
          pinned.length === 0
            ? ""
            : vscode.l10n.t("Pinned runs among them: {0}. They are kept.", pinned.length),
      },
      ...(runs.length > 0 ? [some] : []),
      ...(pinned.length > 0 ? [all] : []),
    );
    if (answer === undefined) return;
    const ids = answer === all ? [...runs, ...pinned] : runs;
    const progress = { location: { viewId: "hostrun.runs" } };
    await this.#parts.report.attempt(vscode.l10n.t("The runs could not be deleted"), async () => {
      await vscode.window.withProgress(progress, async () => {
        for (const run of ids) await this.#parts.daemon.call("deleteRun", { params: { run } });
      });
    });
  }
}
