import * as vscode from "vscode";
import type { PromptField } from "../../protocol/prompt.ts";
import { type Answer, type StepFrame, untilAnswered } from "../input/steps.ts";

/**
 * Asks for one line for a server, masked unless it may be shown. `closed`: aborted when nothing waits for it any more.
 */
export function askField(
  field: PromptField,
  instructions: string,
  frame: StepFrame,
  closed: AbortSignal,
): Promise<Answer<string>> {
  const input = vscode.window.createInputBox();
  input.password = !field.echo;
  input.prompt = instructions === "" ? field.label : `${instructions} — ${field.label}`;
  input.placeholder = field.label;
  return untilAnswered<string>(input, frame, (answer) => [
    input.onDidAccept(() => answer({ value: input.value })),
    onAbort(closed, () => answer("cancel")),
  ]);
}

export type Keeping = "no" | "session" | "keyring";

interface KeepingItem extends vscode.QuickPickItem {
  readonly keeping: Keeping;
}

/** Asks how long to keep a secret; `longest`: the longest possible choice. */
export function askKeeping(
  longest: "session" | "keyring",
  frame: StepFrame,
  closed: AbortSignal,
): Promise<Answer<Keeping>> {
  const pick = vscode.window.createQuickPick<KeepingItem>();
  pick.placeholder = vscode.l10n.t("How long should it be kept?");
  const keyring: KeepingItem = {
    label: vscode.l10n.t("Keep it"),
    description: vscode.l10n.t("in this system's keyring, once the login has worked"),
    keeping: "keyring",
  };
  pick.items = [
    { label: vscode.l10n.t("Don't keep it"), keeping: "no" },
    {
      label: vscode.l10n.t("Keep it for this session"),
      description: vscode.l10n.t("in the daemon's memory"),
      keeping: "session",
    },
    ...(longest === "keyring" ? [keyring] : []),
  ];
  return untilAnswered<Keeping>(pick, frame, (answer) => [
    pick.onDidAccept(() => answer({ value: pick.selectedItems[0]?.keeping ?? "no" })),
    onAbort(closed, () => answer("cancel")),
  ]);
}

function onAbort(signal: AbortSignal, act: () => void): vscode.Disposable {
  signal.addEventListener("abort", act, { once: true });
  return { dispose: () => signal.removeEventListener("abort", act) };
}
