import { StringDecoder } from "node:string_decoder";
import { openTerminal } from "./open-terminal.ts";

export interface TypedLineRequest {
  readonly question: string;
  /** Whether the input is echoed. */
  readonly echo: boolean;
  readonly signal?: AbortSignal | undefined;
}

const keys = { interrupt: "\u0003", end: "\u0004", backspace: "\b", erase: "\u007f", clear: "\u0015" };

/**
 * Reads one line from the terminal; undefined if the person cancels, the signal is aborted, or there is no terminal.
 * Ctrl-C raises SIGINT in this process as usual, and then there is no result.
 */
export function readTypedLine({ question, echo, signal }: TypedLineRequest): Promise<string | undefined> {
  const terminal = openTerminal();
  if (terminal === undefined || signal?.aborted === true) return Promise.resolve(undefined);
  const { input, output } = terminal;
  const decoder = new StringDecoder();
  return new Promise((resolve) => {
    let line = "";
    const giveBack = (): void => {
      signal?.removeEventListener("abort", leave);
      output.write("\n");
      input.setRawMode(false);
      input.destroy();
      output.end();
    };
    const done = (typed: string | undefined): void => {
      giveBack();
      resolve(typed);
    };
    const leave = (): void => done(undefined);
    const take = (key: string): boolean => {
      if (key === "\r" || key === "\n") done(line);
      else if (key === keys.interrupt) {
        // No answer: the signal ends whatever asked the question.
        giveBack();
        process.kill(process.pid, "SIGINT");
      } else if (key === keys.end && line === "") done(undefined);
      else {
        line = edited(line, key);
        // The whole line is redrawn, since a character may be wide.
        if (echo) output.write(`\r\u001b[K${question.split("\n").at(-1) ?? ""}${line}`);
        return true;
      }
      return false;
    };
    input.setRawMode(true);
    output.write(question);
    input.on("data", (chunk: Buffer) => {
      for (const key of decoder.write(chunk)) if (!take(key)) return;
    });
    input.on("error", leave);
    signal?.addEventListener("abort", leave, { once: true });
  });
}

function edited(line: string, key: string): string {
  if (key === keys.backspace || key === keys.erase) return [...line].slice(0, -1).join("");
  if (key === keys.clear) return "";
  return key < " " ? line : line + key;
}
