import * as vscode from "vscode";
import type * as z from "zod";
import { untilAnswered, type Answer, type StepFrame } from "./steps.ts";

interface TextQuestion {
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value: string;
  /** What is wrong with the text, for the user; undefined if it is valid. */
  readonly problem: (text: string) => string | undefined;
  /** What may be wrong with it: the text is accepted when Enter is pressed again. */
  readonly doubt?: (text: string) => Promise<string | undefined>;
}

/** Asks for a line of text; errors are shown while it is typed. */
export async function askText(question: TextQuestion, frame: StepFrame): Promise<Answer<string>> {
  const input = vscode.window.createInputBox();
  input.prompt = question.prompt;
  if (question.placeholder !== undefined) input.placeholder = question.placeholder;
  input.value = question.value;
  let doubted: string | undefined;
  const doubt = async (text: string): Promise<string | undefined> => {
    if (question.doubt === undefined || text === doubted) return undefined;
    input.busy = true;
    const found = await question.doubt(text);
    input.busy = false;
    doubted = text;
    return found;
  };
  const accept = async (answer: (value: Answer<string>) => void): Promise<void> => {
    const text = input.value.trim();
    const problem = question.problem(text);
    input.validationMessage = problem;
    if (problem !== undefined) return;
    const found = await doubt(text);
    // The text was changed in the meantime.
    if (input.value.trim() !== text) return;
    if (found === undefined) answer({ value: text });
    else input.validationMessage = asWarning(found);
  };
  return untilAnswered<string>(input, frame, (answer) => [
    input.onDidChangeValue((text) => {
      input.validationMessage = text === "" ? undefined : question.problem(text.trim());
    }),
    input.onDidAccept(() => void accept(answer)),
  ]);
}

function asWarning(doubt: string): vscode.InputBoxValidationMessage {
  const message = vscode.l10n.t("{0} Press Enter again to use it anyway.", doubt);
  return { message, severity: vscode.InputBoxValidationSeverity.Warning };
}

/** The first issue that a schema finds with a value, with an initial capital letter. */
export function schemaProblem(schema: z.ZodType, value: unknown): string | undefined {
  const result = schema.safeParse(value);
  if (result.success) return undefined;
  const message = result.error.issues[0]?.message ?? "is not valid";
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
}
