import * as vscode from "vscode";
import { iconless, shortened } from "../plain-text.ts";
import { backButtons, untilAnswered, type Answer, type StepFrame } from "./steps.ts";

export interface ChoiceItem<T> extends vscode.QuickPickItem {
  /** undefined for a separator. */
  readonly value?: T;
}

interface Choice<T> {
  readonly placeholder: string;
  /** Already known entries first; a promise may bring better ones. */
  readonly items: readonly ChoiceItem<T>[];
  readonly more?: Promise<readonly ChoiceItem<T>[]>;
  readonly filter?: string;
  /** The entry that stands for the typed text itself, always the first. */
  readonly typed?: (text: string) => ChoiceItem<T> | undefined;
  readonly active?: (value: T) => boolean;
  /** Hears of what is typed, to have it again when the person comes back. */
  readonly keep?: (text: string) => void;
}

/** Asks to choose one of a list, or what was typed. */
export async function askChoice<T>(choice: Choice<T>, frame: StepFrame): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<ChoiceItem<T>>();
  let known = choice.items;
  let open = true;
  const update = (): void => {
    const typed = input.value.trim() === "" ? undefined : choice.typed?.(input.value);
    input.items = typed === undefined ? known : [typed, ...known.filter((item) => !same(item, typed))];
  };
  input.placeholder = choice.placeholder;
  input.matchOnDescription = true;
  input.value = choice.filter ?? "";
  input.buttons = backButtons(frame);
  update();
  const { active } = choice;
  if (active !== undefined) {
    input.activeItems = known.filter((item) => item.value !== undefined && active(item.value));
  }
  if (choice.more !== undefined) {
    input.busy = true;
    const taken = (items: readonly ChoiceItem<T>[]): void => {
      if (!open) return;
      known = items;
      input.busy = false;
      update();
    };
    // What is known already stands when more cannot be had.
    void choice.more.then(taken, () => taken(known));
  }
  const answer = await untilAnswered<T>(input, frame, (give) => [
    input.onDidTriggerButton(() => give("back")),
    input.onDidChangeValue((text) => {
      choice.keep?.(text);
      update();
    }),
    input.onDidAccept(() => {
      const value = input.activeItems[0]?.value ?? input.selectedItems[0]?.value;
      if (value !== undefined) give({ value });
    }),
  ]);
  open = false;
  return answer;
}

/** A label that shows text of any origin as it is. */
export function plainLabel(text: string, length = 200): string {
  return iconless(shortened(text, length));
}

export function separator(label: string): { label: string; kind: vscode.QuickPickItemKind } {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function same<T>(a: ChoiceItem<T>, b: ChoiceItem<T>): boolean {
  return a.kind !== vscode.QuickPickItemKind.Separator && a.label === b.label;
}
