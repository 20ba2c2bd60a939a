import * as vscode from "vscode";
import { type Run, RunPatch } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { askText, schemaProblem } from "../input/text-input.ts";
import { commandLine } from "../plain-text.ts";
import type { ProblemReport } from "../problem-report.ts";

interface NoteParts {
  readonly daemon: Pick<Daemon, "call">;
  readonly report: ProblemReport;
}

/** Asks for the note of a run, and saves it; reports failures. */
export async function editNote(run: Run, { daemon, report }: NoteParts): Promise<void> {
  const answer = await askText(
    {
      prompt: vscode.l10n.t("A line about this run, which searches find too; empty for none"),
      value: run.note ?? "",
      problem: (text) => schemaProblem(RunPatch.shape.note, text),
    },
    { title: vscode.l10n.t("Note of {0}", commandLine(run.command, 60)), step: 1, totalSteps: 1 },
  );
  if (typeof answer === "string") return;
  await report.attempt(vscode.l10n.t("The note could not be saved"), () =>
    daemon.call("updateRun", { params: { run: run.id }, body: { note: answer.value } }),
  );
}
