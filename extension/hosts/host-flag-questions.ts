import * as vscode from "vscode";
import { askChoice } from "../input/choice.ts";
import type { HostQuestion } from "./host-questions.ts";

export const askProduction = askFlag("production", () => ({
  question: vscode.l10n.t("Is this a production host?"),
  yes: vscode.l10n.t("Yes, a production host"),
  detail: vscode.l10n.t("It is marked everywhere, and Hostrun asks before running a command on it"),
}));

export const askLegacyAlgorithms = askFlag("legacyAlgorithms", () => ({
  question: vscode.l10n.t("Allow algorithms that are known to be weak?"),
  yes: vscode.l10n.t("Yes, allow legacy algorithms"),
  detail: vscode.l10n.t("SHA-1, CBC and 3DES, for an old device that has nothing better"),
}));

export const askLoginShell = askFlag("loginShell", () => ({
  question: vscode.l10n.t("Run each command in a login shell?"),
  yes: vscode.l10n.t("Yes, in a login shell"),
  detail: vscode.l10n.t("It reads /etc/profile and ~/.profile first, which takes longer"),
}));

function askFlag(
  field: "production" | "legacyAlgorithms" | "loginShell",
  texts: () => { readonly question: string; readonly yes: string; readonly detail: string },
): HostQuestion {
  return async (draft, frame) => {
    const { question, yes, detail } = texts();
    const answer = await askChoice<boolean>(
      {
        placeholder: question,
        items: [
          { label: vscode.l10n.t("No"), value: false },
          { label: yes, detail, value: true },
        ],
        active: (value) => value === draft[field],
      },
      frame,
    );
    return typeof answer === "string" ? answer : { value: { [field]: answer.value } };
  };
}
