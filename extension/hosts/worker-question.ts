import * as vscode from "vscode";
import { HostWorker } from "../../protocol/host.ts";
import { askChoice } from "../input/choice.ts";
import type { HostQuestion } from "./host-questions.ts";

export const askWorker: HostQuestion = async (draft, frame) => {
  const answer = await askChoice<HostWorker>(
    {
      placeholder: vscode.l10n.t("Whether commands may skip slow startup files"),
      items: HostWorker.options.map((value) => ({ ...workerEntry(value), value })),
      active: (value) => value === draft.worker,
    },
    frame,
  );
  return typeof answer === "string" ? answer : { value: { worker: answer.value } };
};

export function workerEntry(worker: HostWorker): { readonly label: string; readonly detail: string } {
  if (worker === "off") {
    return {
      label: vscode.l10n.t("Never"),
      detail: vscode.l10n.t("Every command starts in its own login shell"),
    };
  }
  return {
    label: vscode.l10n.t("Automatic"),
    detail: vscode.l10n.t(
      "Where startup files are slow, a shell that has read them once starts the commands",
    ),
  };
}
