import * as vscode from "vscode";

/** What a step shows above its input: the title, and where in the whole it is. */
export interface StepFrame {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

/** A step's answer; "back" asks for the one before, "cancel" ends it all. */
export type Answer<T> = { readonly value: T } | "back" | "cancel";

/** One question. `draft` holds what was answered so far, also from an earlier visit to this step. */
export type Step<Draft> = (draft: Draft, frame: StepFrame) => Promise<Answer<Draft>>;

/** Asks one question after the other; going back keeps what was answered. undefined: the person left. */
export async function askSteps<Draft>(
  title: string,
  start: Draft,
  steps: readonly Step<Draft>[],
): Promise<Draft | undefined> {
  let draft = start;
  let at = 0;
  while (at < steps.length) {
    const step = steps[at];
    if (step === undefined) break;
    const answer = await step(draft, { title, step: at + 1, totalSteps: steps.length });
    if (answer === "cancel") return undefined;
    if (answer === "back") at = Math.max(0, at - 1);
    else {
      draft = answer.value;
      at += 1;
    }
  }
  return draft;
}

/**
 * Shows an input until one of its events answers. Every subscription and the input itself end with it; hiding it
 * by Escape is "cancel".
 */
export function untilAnswered<T>(
  input: vscode.QuickInput & { buttons: readonly vscode.QuickInputButton[] },
  frame: StepFrame,
  listen: (answer: (value: Answer<T>) => void) => readonly vscode.Disposable[],
): Promise<Answer<T>> {
  input.title = frame.title;
  if (frame.totalSteps > 1) {
    input.step = frame.step;
    input.totalSteps = frame.totalSteps;
  }
  // A look at another window must not throw away what was typed.
  input.ignoreFocusOut = true;
  return new Promise((resolve) => {
    const answer = (value: Answer<T>): void => {
      resolve(value);
      vscode.Disposable.from(...subscriptions, input).dispose();
    };
    const subscriptions = [...listen(answer), input.onDidHide(() => answer("cancel"))];
    input.show();
  });
}

export function backButtons(frame: StepFrame): vscode.QuickInputButton[] {
  return frame.step > 1 ? [vscode.QuickInputButtons.Back] : [];
}
