import * as vscode from "vscode";
import type * as z from "zod";
import { untilAnswered, type Answer, type StepFrame } from "./steps.ts";

interface TextQuestion {
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value: string;
  /** What is wrong with the text, for a person; undefined when it will do. */
  readonly problem: (text: string) => string | undefined;
}

/** Asks for a line of text; what is wrong with it shows while it is typed. */
export async function askText(question: TextQuestion, frame: StepFrame): Promise<Answer<string>> {
  const input = vscode.window.createInputBox();
  input.prompt = question.prompt;
  if (question.placeholder !== undefined) input.placeholder = question.placeholder;
  input.value = question.value;
  return untilAnswered<string>(input, frame, (answer) => [
    input.onDidChangeValue((text) => {
      input.validationMessage = text === "" ? undefined : question.problem(text.trim());
    }),
    input.onDidAccept(() => {
      const text = input.value.trim();
      input.validationMessage = question.problem(text);
      if (input.validationMessage === undefined) answer({ value: text });
    }),
  ]);
}

/** The first thing that a schema finds wrong with a value, beginning with a capital letter. */
export function schemaProblem(schema: z.ZodType, value: unknown): string | undefined {
  const result = schema.safeParse(value);
  if (result.success) return undefined;
  const message = result.error.issues[0]?.message ?? "is not valid";
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
}
