import { visible } from "../protocol/visible.ts";

const escape = "\u001b";
/** Colours and other attributes, and tabs, are left to the caller that prints the text. */
const harmless = new RegExp(`(${escape}\\[[0-9;:]*m|\\t)`);

/**
 * Makes whole lines of a host's output safe for a terminal that shows several hosts: they do not overwrite other
 * lines, clear the screen or colour what follows. Every other control sequence in them is escaped: `\r`, `\e[2J`.
 */
export function terminalLines(lines: Buffer): Buffer {
  const text = lines.toString("utf8");
  return Buffer.from(text.split("\n").map(terminalLine).join("\n"));
}

function terminalLine(line: string): string {
  const pieces = line.replace(/\r$/, "").split(harmless);
  const shown = pieces.map((piece, at) => (at % 2 === 1 ? piece : visible(piece))).join("");
  return shown.includes(escape) ? `${shown}${escape}[0m` : shown;
}
