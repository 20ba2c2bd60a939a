import { createInterface } from "node:readline/promises";
import { openTerminal } from "./open-terminal.ts";

export interface TerminalQuestion {
  readonly question: string;
  /** Printed after an invalid answer. */
  readonly again: string;
  /** The value of an answer; undefined if it is invalid. */
  readonly judge: (answer: string) => boolean | undefined;
  /** Aborted when the question no longer matters; then there is no answer. */
  readonly signal?: AbortSignal | undefined;
}

/** The answer of the person at the terminal, false if they cancel; undefined if there is no terminal. */
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

/** Requires a whole word, so that an accidental keystroke is not an answer. */
export function yesOrNo(answer: string): boolean | undefined {
  if (answer === "yes") return true;
  return answer === "no" ? false : undefined;
}
