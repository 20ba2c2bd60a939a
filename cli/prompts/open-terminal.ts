import { closeSync, openSync } from "node:fs";
import { ReadStream, WriteStream } from "node:tty";

export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
}

/**
 * Opens the controlling terminal, as ssh does, even if the standard streams are redirected; undefined if there is
 * none.
 */
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
