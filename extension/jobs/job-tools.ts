import * as vscode from "vscode";
import type { FromJobPanel } from "../../protocol/job-panel.ts";
import { hasRun, type Job } from "../../protocol/job.ts";
import { formatBytes } from "../../protocol/size.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { ProblemReport } from "../problem-report.ts";
import type { Runner } from "../runs/runner.ts";
import type { OutputDocuments } from "../terminal/output-documents.ts";
import { plainLabel } from "../input/choice.ts";
import { readRecordedText } from "../terminal/recorded-text.ts";
import { askFile, stampOf } from "../saved-file.ts";
import type { RunPanels } from "../terminal/run-panels.ts";
import { type ExportFormat, type ExportedGroup, exportJob } from "./job-export.ts";
import type { JobNotices } from "./job-notices.ts";
import type { JobPanel } from "./job-panel.ts";
import { JobRows } from "./job-rows.ts";
import type { JobStarter } from "./job-starter.ts";
import { runsOfJob } from "../../client/runs-of-job.ts";

export interface JobToolsParts {
  readonly daemon: Daemon;
  readonly report: ProblemReport;
  readonly runner: Runner;
  readonly starter: JobStarter;
  readonly panels: RunPanels;
  readonly documents: OutputDocuments;
  readonly notices: JobNotices;
}

/** The part of each distinct output that is copied or saved. */
const maxExportedBytes = 1024 * 1024;

type ToolMessage = Exclude<FromJobPanel, { type: "ready" | "visible" }>;

/** The actions of a job panel's tools. */
export class JobTools {
  readonly #parts: JobToolsParts;

  constructor(parts: JobToolsParts) {
    this.#parts = parts;
  }

  /** Reports failures. */
  async act(panel: JobPanel, message: ToolMessage): Promise<void> {
    await this.#parts.report.attempt(vscode.l10n.t("Hostrun failed"), () => this.#act(panel, message));
  }

  async #act(panel: JobPanel, message: ToolMessage): Promise<void> {
    const { daemon, runner, starter, panels, documents } = this.#parts;
    switch (message.type) {
      case "open":
        panels.open(await daemon.call("getRun", { params: { run: message.runId } }));
        return;
      case "cancel":
        return runner.cancel(message.runId);
      case "cancelAll":
        return starter.cancel(panel.jobId);
      case "rerun":
        return this.#again(panel, message.only);
      case "compare":
        return documents.compare(message.a, message.b);
      case "compareOther":
        return this.#compareOther(panel, message.runId);
      case "export":
        return this.#export(panel);
      case "copied":
        await vscode.env.clipboard.writeText(message.text);
        return;
    }
  }

  /** In the same tab; the previous job stays in the Runs view. */
  async #again(panel: JobPanel, only: "failed" | "unfinished" | "all"): Promise<void> {
    const { daemon, starter, notices } = this.#parts;
    const job = await daemon.call("getJob", { params: { job: panel.jobId } });
    const again = await starter.again(job, only);
    if (again === undefined) return;
    notices.watch(again);
    panel.show(again);
  }

  /** Compares with a group of other hosts that the user chooses, the largest first. */
  async #compareOther(panel: JobPanel, runId: string): Promise<void> {
    const { daemon, documents } = this.#parts;
    const params = { job: panel.jobId };
    const { items } = await daemon.call("jobGroups", { params, query: { by: "both" } });
    const others = items
      .filter(hasRun)
      .filter((group) => group.runId !== runId)
      .map(({ hosts, count, runId: value }) => ({
        label: plainLabel(hosts),
        description: `(${count})`,
        value,
      }));
    const placeHolder = vscode.l10n.t("Choose the hosts to compare its output with");
    const other = await vscode.window.showQuickPick(others, { placeHolder });
    if (other !== undefined) await documents.compare(other.value, runId);
  }

  async #export(panel: JobPanel): Promise<void> {
    const format = await askFormat();
    if (format === undefined) return;
    const job = await this.#parts.daemon.call("getJob", { params: { job: panel.jobId } });
    const text = await this.#text(format.value, job);
    if (format.isSaved) await save(job, format, text);
    else {
      await vscode.env.clipboard.writeText(text);
      panel.notice(vscode.l10n.t("Copied {0}", formatBytes(Buffer.byteLength(text))));
    }
  }

  async #text(format: ExportFormat, job: Job): Promise<string> {
    const { daemon } = this.#parts;
    const rows = new JobRows(job, () => false);
    for await (const run of runsOfJob((input) => daemon.call("listJobRuns", input), job.id, "created"))
      rows.take(run);
    const { items } = await daemon.call("jobGroups", { params: { job: job.id }, query: { by: "both" } });
    const groups: ExportedGroup[] = [];
    for (const group of items.filter(hasRun)) {
      const { text, whole } = await readRecordedText(daemon, group.runId, maxExportedBytes);
      groups.push({ ...group, output: text, isCut: !whole });
    }
    return exportJob(format, { job, rows: rows.all(), groups });
  }
}

interface FormatItem extends vscode.QuickPickItem {
  readonly value: ExportFormat;
  readonly ending: string;
  readonly isSaved: boolean;
}

async function askFormat(): Promise<FormatItem | undefined> {
  const formats = [
    ["text", vscode.l10n.t("Text"), "txt"],
    ["markdown", "Markdown", "md"],
    ["csv", "CSV", "csv"],
    ["json", "JSON", "json"],
  ] as const;
  const items = [false, true].flatMap((isSaved) =>
    formats.map(([value, name, ending]) => ({
      label: isSaved ? vscode.l10n.t("Save as {0}…", name) : vscode.l10n.t("Copy as {0}", name),
      value,
      ending,
      isSaved,
    })),
  );
  return vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t("Copy or save the results of all hosts"),
  });
}

async function save(job: Job, { ending }: FormatItem, text: string): Promise<void> {
  const name = `job-${stampOf(job.createdAt)}.${ending}`;
  const file = await askFile(vscode.l10n.t("Save the results of all hosts"), name);
  if (file !== undefined) await vscode.workspace.fs.writeFile(file, Buffer.from(text));
}
