import * as vscode from "vscode";
import type { FromPanel } from "../../protocol/panel.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { askToTrust } from "../hosts/host-key-trust.ts";
import type { ProblemReport } from "../problem-report.ts";
import { editNote } from "../runs/run-note.ts";
import type { RunLog } from "../runs/run-log.ts";
import type { Runner } from "../runs/runner.ts";
import { askFile, stampOf, showSaved, writePieces } from "../saved-file.ts";
import { formatBytes } from "../../protocol/size.ts";
import type { OutputDocuments } from "./output-documents.ts";
import { readRecordedText } from "./recorded-text.ts";
import type { RunPanel } from "./run-panel.ts";

/** As much as desktop editors paste without freezing. */
const maxCopiedBytes = 64 * 1024 * 1024;

type MessageOf<Type extends FromPanel["type"]> = Extract<FromPanel, { type: Type }>;
type ProblemMessage = Extract<FromPanel, { type: "trust" | "showLog" | "mend" }>;
type ToolMessage = Exclude<FromPanel, { type: "ready" | "drawn" | "focused" }>;

interface PanelToolsParts {
  readonly daemon: Daemon;
  readonly runner: Runner;
  readonly report: ProblemReport;
  readonly documents: OutputDocuments;
  readonly log: RunLog;
}

/** The actions of a run panel's tools. */
export class PanelTools {
  readonly #daemon: Daemon;
  readonly #runner: Runner;
  readonly #report: ProblemReport;
  readonly #documents: OutputDocuments;
  readonly #log: RunLog;

  constructor({ daemon, runner, report, documents, log }: PanelToolsParts) {
    this.#daemon = daemon;
    this.#runner = runner;
    this.#report = report;
    this.#documents = documents;
    this.#log = log;
  }

  /** Reports failures. */
  async act(panel: RunPanel, message: ToolMessage): Promise<void> {
    await this.#report.attempt(vscode.l10n.t("Hostrun failed"), () => {
      if (message.type === "trust" || message.type === "showLog")
        return this.#aboutProblem(panel, message.type);
      return message.type === "mend" ? this.#aboutProblem(panel, message.action) : this.#act(panel, message);
    });
  }

  /** `what`: "trust", "showLog", or the title of an action that may fix it. */
  async #aboutProblem(panel: RunPanel, what: string): Promise<void> {
    if (what === "trust") return this.trust(panel, panel.problem);
    return what === "showLog" ? this.#showLog(panel.runId) : this.#runAction(panel, what);
  }

  async #act(panel: RunPanel, message: Exclude<ToolMessage, ProblemMessage>): Promise<void> {
    switch (message.type) {
      case "stop":
        return this.#runner.cancel(panel.runId);
      case "runAgain":
        return this.again(panel);
      case "runWithInput":
        return this.#withInput(panel, message);
      case "size":
        return this.#runner.resize(panel.runId, message);
      case "stdin":
        return this.#type(panel.runId, message);
      case "save":
        return this.#save(panel.runId);
      case "copied":
        await vscode.env.clipboard.writeText(message.text);
        return;
      case "openLink":
        await vscode.env.openExternal(vscode.Uri.parse(message.url, true));
        return;
      case "copyOutput":
        return this.#copy(panel);
      case "editNote":
        return editNote(await this.#daemon.call("getRun", { params: { run: panel.runId } }), {
          daemon: this.#daemon,
          report: this.#report,
        });
      case "openOutput":
        return this.#documents.open(panel.runId, () => this.#save(panel.runId));
    }
  }

  async #showLog(runId: string): Promise<void> {
    await this.#log.show(await this.#daemon.call("getRun", { params: { run: runId } }));
  }

  async #runAction({ problem }: RunPanel, title: string): Promise<void> {
    const actions = problem === undefined ? [] : this.#report.actionsFor(problem);
    await actions.find((action) => action.title === title)?.act();
  }

  /** Runs the command of a panel again and shows it in the same tab; the previous run stays in the Runs view. */
  async again(panel: RunPanel): Promise<void> {
    const run = await this.#report.attempt(vscode.l10n.t("The command could not be run again"), async () =>
      this.#runner.again(await this.#shown(panel)),
    );
    if (run !== undefined) panel.show(run);
  }

  /** Runs the command of a panel again with its standard input open, and shows it in the same tab. */
  async #withInput(panel: RunPanel, { pty, cols, rows }: MessageOf<"runWithInput">): Promise<void> {
    const run = await this.#report.attempt(vscode.l10n.t("The command could not be run again"), async () =>
      this.#runner.withInput(await this.#shown(panel), { pty, cols, rows }),
    );
    if (run !== undefined) panel.show(run);
  }

  /** Usually known without a request. */
  async #shown({ run, runId }: RunPanel): Promise<Run> {
    return run ?? this.#daemon.call("getRun", { params: { run: runId } });
  }

  async #type(runId: string, { data, end }: { data: string; end: boolean }): Promise<void> {
    await this.#report.attempt(vscode.l10n.t("The input could not be sent to the command"), () =>
      this.#daemon.call("runStdin", { params: { run: runId }, body: { data, end } }),
    );
  }

  /** Asks whether to trust the unknown host key and, if so, runs the command in the same tab. */
  async trust(panel: RunPanel, problem: ProblemDetails | undefined): Promise<void> {
    if (problem === undefined) return;
    const trusted = await this.#report.attempt(vscode.l10n.t("The host key could not be recorded"), () =>
      askToTrust(this.#daemon, problem, vscode.l10n.t("Trust and Run")),
    );
    if (trusted !== true) return;
    const run = await this.#runner.repeat(panel.runId);
    if (run !== undefined) panel.show(run);
  }

  /** Copies the whole output, whatever the screen still contains or has selected. */
  async #copy(panel: RunPanel): Promise<void> {
    const what = vscode.l10n.t("The output could not be copied");
    await this.#report.attempt(what, async () => {
      const { text, whole } = await readRecordedText(this.#daemon, panel.runId, maxCopiedBytes);
      if (text !== "") await vscode.env.clipboard.writeText(text);
      const run = await this.#daemon.call("getRun", { params: { run: panel.runId } });
      panel.post({ type: "notice", text: copyNotice(text, whole, run.truncatedBytes) });
    });
  }

  async #save(runId: string): Promise<void> {
    const what = vscode.l10n.t("The output could not be saved");
    await this.#report.attempt(what, async () => {
      const { host, createdAt } = await this.#daemon.call("getRun", { params: { run: runId } });
      const name = `${host.name}-${stampOf(createdAt)}.txt`.replaceAll(/[^\w.-]/g, "_");
      const file = await askFile(vscode.l10n.t("Save the output, byte for byte"), name);
      if (file !== undefined) await this.#write(runId, file);
    });
  }

  async #write(runId: string, file: vscode.Uri): Promise<void> {
    await writePieces(file, await this.#daemon.openOutput(runId, "both"));
    await showSaved(vscode.l10n.t("Saved the output to {0}.", file.fsPath), file);
  }
}

function copyNotice(text: string, whole: boolean, lost: number): string {
  if (text === "") return vscode.l10n.t("There is no output to copy yet");
  if (!whole) {
    return vscode.l10n.t("Copied the first {0}; use Save Output for all of it", formatBytes(maxCopiedBytes));
  }
  if (lost > 0) return vscode.l10n.t("Copied the output; {0} of it were not recorded", formatBytes(lost));
  return vscode.l10n.t("Copied all output");
}
