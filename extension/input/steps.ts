import * as vscode from "vscode";
import { inputOpened } from "./open-inputs.ts";

/** What a step shows above its input: the title, and its position in the sequence. */
export interface StepFrame {
  readonly title: string;
  readonly toggles?: readonly StepToggle[] | undefined;
  readonly step: number;
  readonly totalSteps: number;
  /** For a list that is for display only: it closes when it loses the focus. */
  readonly closesOnBlur?: boolean;
  /** Cancels the step. */
  readonly signal?: AbortSignal;
}

/**
 * An option besides the question itself, toggled by a button; the title shows it while it is on. The options exclude
 * one another.
 */
export interface StepToggle {
  isOn: boolean;
  /** Whether it can be combined with any other. */
  readonly isApart?: boolean;
  /** Its text in the title. */
  readonly on: string;
  /** The label of the button. */
  readonly turnOn: string;
  readonly turnOff: string;
  /** The icons of the button while it is off, and on. */
  readonly icons: { readonly off: string; readonly on: string };
}

/** A step's answer; "back" returns to the previous step, "cancel" ends the sequence. */
export type Answer<T> = { readonly value: T } | "back" | "cancel";

/** One question. `draft` contains the answers so far, including those from an earlier visit to this step. */
export type Step<Draft> = (draft: Draft, frame: StepFrame) => Promise<Answer<Draft>>;

/** Asks the questions in order; going back keeps the answers. Undefined if the user cancels. */
export async function askSteps<Draft>(
  { title, toggles }: Pick<StepFrame, "title" | "toggles">,
  start: Draft,
  steps: readonly Step<Draft>[],
): Promise<Draft | undefined> {
  let draft = start;
  let at = 0;
  while (at < steps.length) {
    const step = steps[at];
    if (step === undefined) break;
    const answer = await step(draft, { title, toggles, step: at + 1, totalSteps: steps.length });
    if (answer === "cancel") return undefined;
    if (answer === "back") at = Math.max(0, at - 1);
    else {
      draft = answer.value;
      at += 1;
    }
  }
  return draft;
}

/** The input of a step. */
type StepInput = vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox;

/**
 * Shows an input until one of its events or the Back button provides an answer. Disposes of the input and every
 * subscription afterwards; hiding it with Escape is "cancel".
 */
export function untilAnswered<T>(
  input: Pick<StepInput, "buttons" | "onDidTriggerButton"> & vscode.QuickInput,
  frame: StepFrame,
  listen: (answer: (value: Answer<T>) => void) => readonly vscode.Disposable[],
): Promise<Answer<T>> {
  const { toggles = [] } = frame;
  showFrame(input, frame);
  // Switching to another window must not discard what was typed.
  input.ignoreFocusOut = frame.closesOnBlur !== true;
  const closed = inputOpened(input);
  return new Promise((resolve) => {
    const answer = (value: Answer<T>): void => {
      closed();
      resolve(value);
      vscode.Disposable.from(...subscriptions, input).dispose();
    };
    const pressed = (button: vscode.QuickInputButton): void => {
      const shown = input.buttons.indexOf(button) - (input.buttons.length - toggles.length);
      const toggle = button === vscode.QuickInputButtons.Back ? undefined : toggles[shown];
      if (toggle === undefined) return answer("back");
      toggle.isOn = !toggle.isOn;
      const excluded = toggle.isOn && toggle.isApart !== true ? toggles : [];
      for (const other of excluded) if (other !== toggle && other.isApart !== true) other.isOn = false;
      showFrame(input, frame);
    };
    const subscriptions = [
      ...listen(answer),
      input.onDidTriggerButton(pressed),
      input.onDidHide(() => answer("cancel")),
    ];
    frame.signal?.addEventListener("abort", () => answer("cancel"), { once: true });
    input.show();
  });
}

function showFrame(input: Pick<StepInput, "buttons"> & vscode.QuickInput, frame: StepFrame): void {
  const { title, toggles = [], step, totalSteps } = frame;
  input.title = [title, ...toggles.filter(({ isOn }) => isOn).map(({ on }) => on)].join(" · ");
  if (totalSteps > 1) {
    input.step = step;
    input.totalSteps = totalSteps;
  }
  const back = step > 1 ? [vscode.QuickInputButtons.Back] : [];
  input.buttons = [...back, ...toggles.map(toggleButton)];
}

function toggleButton({ isOn, icons, turnOn, turnOff }: StepToggle): vscode.QuickInputButton {
  const iconPath = new vscode.ThemeIcon(isOn ? icons.on : icons.off);
  return { iconPath, tooltip: isOn ? turnOff : turnOn };
}
