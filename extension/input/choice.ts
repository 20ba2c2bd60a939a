import * as vscode from "vscode";
import { commandLine, iconless, shortened } from "../plain-text.ts";
import { listenToEntryKey } from "./entry-key.ts";
import { untilAnswered, type Answer, type StepFrame } from "./steps.ts";

export interface ChoiceItem<T> extends vscode.QuickPickItem {
  /** Undefined for a separator. */
  readonly value?: T;
}

interface Choice<T> {
  readonly placeholder: string;
  /** The entries known already; a promise may supply better ones. */
  readonly items: readonly ChoiceItem<T>[];
  readonly more?: Promise<readonly ChoiceItem<T>[]>;
  readonly filter?: string;
  /** The entry for the typed text itself, always listed first. */
  readonly typed?: (text: string) => ChoiceItem<T> | undefined;
  readonly active?: (value: T) => boolean;
  /** Called with the highlighted entry, if there is one. */
  readonly onActive?: (value: T | undefined) => void;
  /**
   * false: no entry is highlighted until the user moves to one or types, so that Enter alone chooses nothing; for
   * entries that run something. By default the first one is.
   */
  readonly preselects?: boolean;
  /** An entry's button, or its key, was pressed: puts text into the input, or closes it. */
  readonly onButton?: (value: T) => { readonly text: string } | "leave";
  /** Called with what is typed, so that it can be restored when the user comes back. */
  readonly keep?: (text: string) => void;
}

/** Asks the user to choose from a list, or to type something. */
export async function askChoice<T>(choice: Choice<T>, frame: StepFrame): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<ChoiceItem<T>>();
  let known = choice.items;
  let typed: ChoiceItem<T> | undefined;
  /** Whether the entry for the current text has reached the list and was highlighted there. */
  let typedShown = false;
  let open = true;
  const update = (): void => {
    const [before] = input.activeItems;
    typed = input.value.trim() === "" ? undefined : choice.typed?.(input.value);
    typedShown = false;
    const entry = typed;
    input.items = entry === undefined ? known : [entry, ...known.filter((item) => !same(item, entry))];
    if (choice.preselects !== false || input.value !== "") return;
    // Set together with the items, so that VS Code does not highlight the first one.
    input.activeItems = known.filter((item) => before !== undefined && same(item, before));
  };
  input.placeholder = choice.placeholder;
  input.matchOnDescription = true;
  input.matchOnDetail = true;
  input.value = choice.filter ?? "";
  update();
  const chosen = known.filter((item) => item.value !== undefined && choice.active?.(item.value) === true);
  if (chosen.length > 0) input.activeItems = chosen;
  void showMore(input, choice, (items) => {
    if (!open) return;
    known = items;
    update();
  });
  const answer = await untilAnswered<T>(input, frame, (give) => [
    ...listenToButtons(input, choice, () => give("cancel")),
    input.onDidChangeValue((text) => {
      choice.keep?.(text);
      update();
    }),
    input.onDidChangeActive(([item]) => {
      if (item !== undefined && item === typed) typedShown = true;
      choice.onActive?.(item?.value);
    }),
    input.onDidAccept(() => {
      const item = input.selectedItems[0] ?? input.activeItems[0];
      // A fast typist presses Enter before the list contains the new entry: the text counts, not the list.
      const value = typed !== undefined && !typedShown ? typed.value : item?.value;
      if (value !== undefined) give({ value });
    }),
  ]);
  open = false;
  return answer;
}

function listenToButtons<T>(
  input: vscode.QuickPick<ChoiceItem<T>>,
  { onButton }: Choice<T>,
  leave: () => void,
): readonly vscode.Disposable[] {
  if (onButton === undefined) return [];
  const press = (item: ChoiceItem<T> | undefined): void => {
    if (item?.value === undefined) return;
    const text = onButton(item.value);
    if (text === "leave") leave();
    // Set again, it would undo what has been typed since the first press.
    else if (input.value !== text.text) input.value = text.text;
  };
  return [
    input.onDidTriggerItemButton(({ item }) => press(item)),
    listenToEntryKey(() => press(input.activeItems[0])),
  ];
}

/** The entries known already stay if more cannot be loaded. */
async function showMore<T>(
  input: vscode.QuickPick<ChoiceItem<T>>,
  choice: Choice<T>,
  show: (items: readonly ChoiceItem<T>[]) => void,
): Promise<void> {
  if (choice.more === undefined) return;
  input.busy = true;
  const items = await choice.more.catch(() => choice.items);
  show(items);
  input.busy = false;
}

/** A label that shows a command literally, including line breaks. */
export function commandLabel(command: string, length = 200): string {
  return iconless(commandLine(command, length));
}

/** A label that shows external text literally. */
export function plainLabel(text: string, length = 200): string {
  return iconless(shortened(text, length));
}

export function separator(label: string): { label: string; kind: vscode.QuickPickItemKind } {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function same<T>(a: ChoiceItem<T>, b: ChoiceItem<T>): boolean {
  return a.kind !== vscode.QuickPickItemKind.Separator && a.label === b.label;
}
