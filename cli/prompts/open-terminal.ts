import { closeSync, openSync } from "node:fs";
import { ReadStream, WriteStream } from "node:tty";

export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

/** The terminal itself, as ssh uses it, also when the standard streams are redirected; undefined where there is none. */
export function openTerminal(): Terminal | undefined {
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
