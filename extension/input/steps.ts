import * as vscode from "vscode";

/** What a step shows above its input: the title, and where in the whole it is. */
export interface StepFrame {
  readonly title: string;
  readonly toggles?: readonly StepToggle[] | undefined;
  readonly step: number;
  readonly totalSteps: number;
  /** Of a list that only shows something: a look elsewhere closes it. */
  readonly closesOnBlur?: boolean;
}

/** Something that is on or off beside what is asked, changed by a button; the title says so while it is on. One excludes the others. */
export interface StepToggle {
  isOn: boolean;
  /** Whether it goes with any other one. */
  readonly isApart?: boolean;
  /** What the title says. */
  readonly on: string;
  /** What the button does. */
  readonly turnOn: string;
  readonly turnOff: string;
  /** Icons of the button while it is off, and on. */
  readonly icons: { readonly off: string; readonly on: string };
}

/** A step's answer; "back" asks for the one before, "cancel" ends it all. */
export type Answer<T> = { readonly value: T } | "back" | "cancel";

/** One question. `draft` holds what was answered so far, also from an earlier visit to this step. */
export type Step<Draft> = (draft: Draft, frame: StepFrame) => Promise<Answer<Draft>>;

/** Asks one question after the other; going back keeps what was answered. undefined: the person left. */
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

/** An input that a step asks by. */
type StepInput = vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox;

/**
 * Shows an input until one of its events or the way back answers. Every subscription and the input itself end with it;
 * hiding it by Escape is "cancel".
 */
export function untilAnswered<T>(
  input: Pick<StepInput, "buttons" | "onDidTriggerButton"> & vscode.QuickInput,
  frame: StepFrame,
  listen: (answer: (value: Answer<T>) => void) => readonly vscode.Disposable[],
): Promise<Answer<T>> {
  const { toggles = [] } = frame;
  showFrame(input, frame);
  // A look at another window must not throw away what was typed.
  input.ignoreFocusOut = frame.closesOnBlur !== true;
  return new Promise((resolve) => {
    const answer = (value: Answer<T>): void => {
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
