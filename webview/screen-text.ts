import type { Terminal } from "@xterm/xterm";

export interface ScreenText {
  text: string;
  lines: number;
  /** Earlier rows may have left the screen's scrollback. */
  full: boolean;
}

/** The text of a screen, wrapped rows joined, down to the last row that is not empty. */
export function readScreenText(terminal: Terminal): ScreenText {
  const buffer = terminal.buffer.active;
  const lines: string[] = [];
  for (let row = 0; row < buffer.length; row += 1) {
    const line = buffer.getLine(row);
    const next = buffer.getLine(row + 1);
    const text = line?.translateToString(next?.isWrapped !== true) ?? "";
    if (line?.isWrapped === true && lines.length > 0) lines.push((lines.pop() ?? "") + text);
    else lines.push(text);
  }
  while (lines.at(-1) === "") lines.pop();
  const scrollback = terminal.options.scrollback ?? 0;
  const text = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  return { text, lines: lines.length, full: buffer.length >= terminal.rows + scrollback };
}
