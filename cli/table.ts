import { visible } from "../protocol/visible.ts";

/** Rows under aligned headings; the last column is cut where the terminal ends. Cells are made visible. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
): string {
  const cells = [headings, ...rows.map((row) => row.map(visible))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ""))));
  return cells.map((row) => `${line(row, widths, columns)}\n`).join("");
}

/** `name  value` lines, aligned. */
export function sheet(entries: readonly (readonly [string, string])[]): string {
  const wide = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(wide)}  ${visible(value)}\n`).join("");
}

function line(row: readonly string[], widths: readonly number[], columns: number): string {
  const padded = row.map(
    (cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - width(cell))),
  );
  return cut(padded.join("  ").trimEnd(), columns);
}

function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = "";
  let used = 1;
  for (const char of text) {
    used += width(char);
    if (used > columns) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Columns on a terminal: East Asian wide characters and emoji take two, combining marks none. */
function width(text: string): number {
  let columns = 0;
  for (const char of text) columns += /\p{M}/u.test(char) ? 0 : wide.test(char) ? 2 : 1;
  return columns;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
