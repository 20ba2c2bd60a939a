import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { RunRequest, type Run } from "../../protocol/run.ts";
import { askChoice, commandLabel, plainLabel, separator, type ChoiceItem } from "../input/choice.ts";
import { askText, schemaProblem } from "../input/text-input.ts";
import type { Answer, StepFrame } from "../input/steps.ts";

/** The number of commands of each kind to offer. */
const offered = 30;

export interface CommandChoice {
  readonly host: Host;
  /** Newest first. */
  readonly runs: readonly Run[];
  /** The host's own runs, including older ones if there are any. */
  readonly ofHost: Promise<readonly Run[]>;
  readonly typed: string;
  /** Called with what is typed, so that it can be restored when the user comes back. */
  readonly keep: (text: string) => void;
}

/** Asks for a command: a new one, or a recent one, those of this host first. */
export async function askCommand(choice: CommandChoice, frame: StepFrame): Promise<Answer<string>> {
  const answer = await askChoice<string>(
    {
      placeholder: vscode.l10n.t("Type a command, or choose a recent one (F2 to edit it first)"),
      items: recentCommands(choice.host, choice.runs),
      more: choice.ofHost.then((runs) => recentCommands(choice.host, [...runs, ...choice.runs])),
      // No entry that runs a command is highlighted by default.
      preselects: false,
      onButton: editFirst,
      filter: choice.typed,
      keep: choice.keep,
      typed: (text) => ({
        label: plainLabel(text),
        description: vscode.l10n.t("run on {0}", choice.host.name),
        alwaysShow: true,
        value: text,
      }),
    },
    frame,
  );
  if (typeof answer === "string") return answer;
  const problem = commandProblem(answer.value);
  if (problem === undefined) return answer;
  return askText({ prompt: vscode.l10n.t("Command"), value: answer.value, problem: commandProblem }, frame);
}

/** What is wrong with a command; undefined if it can be sent. */
export function commandProblem(command: string): string | undefined {
  return schemaProblem(RunRequest.shape.command, command);
}

function recentCommands(host: Host, runs: readonly Run[]): readonly ChoiceItem<string>[] {
  const here = distinct(runs.filter((run) => run.host.name === host.name));
  const others = here.length > 0 ? vscode.l10n.t("recent on other hosts") : vscode.l10n.t("recent");
  const elsewhere = distinct(runs.filter((run) => run.host.name !== host.name)).filter(
    (command) => !here.includes(command),
  );
  return [
    ...(here.length > 0 ? [separator(vscode.l10n.t("recent on {0}", host.name))] : []),
    ...here.map(commandEntry),
    ...(elsewhere.length > 0 ? [separator(others)] : []),
    ...elsewhere.map(commandEntry),
  ];
}

function distinct(runs: readonly Run[]): readonly string[] {
  return [...new Set(runs.map((run) => run.command))].slice(0, offered);
}

function commandEntry(command: string): ChoiceItem<string> {
  const lines = lineCount(command);
  const [tooltip, note] =
    lines === 1
      ? [vscode.l10n.t("Edit Before Running (F2)"), {}]
      : [vscode.l10n.t("Edit in an Editor (F2)"), { description: vscode.l10n.t("{0} lines", lines) }];
  const buttons = [{ iconPath: new vscode.ThemeIcon("edit"), tooltip }];
  return { label: commandLabel(command), ...note, buttons, value: command };
}

/** The input has only one line: a longer command is edited in an editor, and run from there. */
function editFirst(command: string): { text: string } | "leave" {
  if (lineCount(command) === 1) return { text: command };
  void editInEditor(command);
  return "leave";
}

async function editInEditor(content: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ content, language: "shellscript" });
  const editor = await vscode.window.showTextDocument(document);
  const end = document.lineAt(document.lineCount - 1).range.end;
  editor.selection = new vscode.Selection(new vscode.Position(0, 0), end);
  const hint = vscode.l10n.t("Run it with Hostrun: Run Selection on Host");
  vscode.window.setStatusBarMessage(hint, 10_000);
}

/** The number of lines of a command as displayed. */
export function lineCount(command: string): number {
  return command.trim().split("\n").length;
}
