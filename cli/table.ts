import { visible } from "../protocol/visible.ts";
import type { Style } from "./colour.ts";
import { paint } from "./colour.ts";

/** Text, with an optional style for a terminal. */
export type Cell = string | { readonly text: string; readonly style: Style | undefined };

/**
 * Rows under aligned headings; the last column is cut at the terminal's width. Control characters in cells are made
 * visible.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  columns: number = terminalColumns(),
): string {
  const cells = [headings.map((text) => seen({ text, style: "bold" })), ...rows.map((row) => row.map(seen))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.width ?? 0)));
  return cells.map((row) => `${line(row, widths, columns)}\n`).join("");
}

/** `name  value` lines, aligned. */
export function sheet(entries: readonly (readonly [string, Cell])[]): string {
  const wide = Math.max(...entries.map(([name]) => name.length));
  return entries
    .map(([name, value]) => {
      const { text, style } = seen(value);
      return `${name.padEnd(wide)}  ${paint(text, style, process.stdout)}\n`;
    })
    .join("");
}

/** A terminal that does not report its width has 0. */
function terminalColumns(): number {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

interface Seen {
  readonly text: string;
  readonly style: Style | undefined;
  /** In terminal columns. */
  readonly width: number;
}

function seen(cell: Cell): Seen {
  const { text, style } = typeof cell === "string" ? { text: cell, style: undefined } : cell;
  const shown = visible(text);
  return { text: shown, style, width: width(shown) };
}

function line(row: readonly Seen[], widths: readonly number[], columns: number): string {
  const last = row.findLastIndex(({ text }) => text !== "");
  const pieces = row.slice(0, last + 1).flatMap((cell, column) => {
    const room = Math.max(0, (widths[column] ?? 0) - cell.width);
    return column === last ? [cell] : [cell, seen(" ".repeat(room + 2))];
  });
  const whole = pieces.reduce((sum, piece) => sum + piece.width, 0);
  if (whole <= columns) return pieces.map(({ text, style }) => paint(text, style, process.stdout)).join("");
  let room = columns - 1;
  let shown = "";
  for (const { text, style, width: taken } of pieces) {
    shown += paint(taken <= room ? text : beginning(text, room), style, process.stdout);
    room -= taken;
    if (room <= 0) break;
  }
  return `${shown}…`;
}

function beginning(text: string, columns: number): string {
  let kept = "";
  let used = 0;
  for (const char of text) {
    used += width(char);
    if (used > columns) break;
    kept += char;
  }
  return kept;
}

/** The width of a text in terminal columns: East Asian wide characters and emoji take two, combining marks none. */
function width(text: string): number {
  let columns = 0;
  for (const char of text) columns += /\p{M}/u.test(char) ? 0 : wide.test(char) ? 2 : 1;
  return columns;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
