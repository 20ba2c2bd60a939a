import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { ReadStream, WriteStream } from "node:tty";

export interface TerminalQuestion {
  readonly question: string;
  /** What is written after an answer that is none. */
  readonly again: string;
  /** What a line stands for; undefined when it is no answer. */
  readonly judge: (answer: string) => boolean | undefined;
}

/** The answer of the person at the terminal, false where they leave; undefined when there is no terminal to ask on. */
export async function askOnTerminal({
  question,
  again,
  judge,
}: TerminalQuestion): Promise<boolean | undefined> {
  const terminal = openTerminal();
  if (terminal === undefined) return undefined;
  const { input, output } = terminal;
  const lines = createInterface({ input, output, terminal: false });
  try {
    output.write(question);
    for await (const line of lines) {
      const answer = judge(line.trim());
      if (answer !== undefined) return answer;
      output.write(again);
    }
    return false;
  } finally {
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

/** The terminal itself, as ssh uses it, also when the standard streams are redirected. */
function openTerminal(): { input: ReadStream; output: WriteStream } | undefined {
  const opened: number[] = [];
  try {
    for (const flags of ["r", "w"]) opened.push(openSync("/dev/tty", flags));
    const [input, output] = opened;
    if (input === undefined || output === undefined) return undefined;
    return { input: new ReadStream(input), output: new WriteStream(output) };
  } catch {
    for (const file of opened) closeSync(file);
    return undefined;
  }
}
