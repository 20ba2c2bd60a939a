import { visible } from "../protocol/visible.ts";

const escape = "\u001b";
/** Colours and the like, and tabs, are left to what prints them. */
const harmless = new RegExp(`(${escape}\\[[0-9;:]*m|\\t)`);

/**
 * Whole lines of a host's output for a terminal that others share: none takes the place of another's, clears the screen or
 * colours what comes behind it. Everything else in them that a terminal obeys is written as an escape: `\r`, `\e[2J`.
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
