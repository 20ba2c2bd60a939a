import { createInterface } from "node:readline/promises";
import { openTerminal } from "./open-terminal.ts";

export interface TerminalQuestion {
  readonly question: string;
  /** What is written after an answer that is none. */
  readonly again: string;
  /** What a line stands for; undefined when it is no answer. */
  readonly judge: (answer: string) => boolean | undefined;
  /** The question does not matter any more: then nobody has answered. */
  readonly signal?: AbortSignal | undefined;
}

/** The answer of the person at the terminal, false where they leave; undefined when there is no terminal to ask on. */
export async function askOnTerminal({
  question,
  again,
  judge,
  signal,
}: TerminalQuestion): Promise<boolean | undefined> {
  const terminal = openTerminal();
  if (terminal === undefined) return undefined;
  const { input, output } = terminal;
  const leave = (): void => lines.close();
  const lines = createInterface({ input, output, terminal: false });
  signal?.addEventListener("abort", leave, { once: true });
  try {
    output.write(question);
    for await (const line of lines) {
      const answer = judge(line.trim());
      if (answer !== undefined) return answer;
      output.write(again);
    }
    return false;
  } finally {
    signal?.removeEventListener("abort", leave);
    lines.close();
    input.destroy();
    output.destroy();
  }
}

/** A whole word, so that no stray key is an answer. */
export function yesOrNo(answer: string): boolean | undefined {
  if (answer === "yes") return true;
  return answer === "no" ? false : undefined;
}
