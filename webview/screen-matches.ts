import type { IBuffer, Terminal } from "@xterm/xterm";

/** A match in a line of the screen: `row` is the line's first row, `start` and `end` count UTF-16 units of its text. */
export interface ScreenMatch {
  row: number;
  start: number;
  end: number;
}

/** The part of a match within one row, in cells. */
export interface CellRange {
  row: number;
  column: number;
  width: number;
}

/** The matches of a pattern with the flag "g", from the top, at most `limit`; wrapped rows count as one line. */
export function findMatches(terminal: Terminal, pattern: RegExp, limit: number): ScreenMatch[] {
  const buffer = terminal.buffer.active;
  const matches: ScreenMatch[] = [];
  for (let row = 0; row < buffer.length && matches.length < limit; ) {
    const { text, next } = readLine(buffer, row);
    for (const match of text.matchAll(pattern)) {
      if (match[0] === "") continue;
      matches.push({ row, start: match.index, end: match.index + match[0].length });
      if (matches.length === limit) break;
    }
    row = next;
  }
  return matches;
}

/** The cells of a match: a range for each row that it touches. */
export function rangesOf(terminal: Terminal, { row: first, start, end }: ScreenMatch): CellRange[] {
  const buffer = terminal.buffer.active;
  const cell = buffer.getNullCell();
  const ranges: CellRange[] = [];
  let offset = 0;
  for (let row = first; offset < end; row += 1) {
    const line = buffer.getLine(row);
    if (line === undefined || (row > first && !line.isWrapped)) break;
    for (let column = 0; column < line.length && offset < end; column += 1) {
      if (line.getCell(column, cell) === undefined || cell.getWidth() === 0) continue;
      const width = cell.getWidth();
      const after = offset + (cell.getChars().length || 1);
      if (after > start) extend(ranges, { row, column, width });
      offset = after;
    }
  }
  return ranges;
}

function extend(ranges: CellRange[], cell: CellRange): void {
  const last = ranges.at(-1);
  if (last?.row === cell.row) last.width = cell.column + cell.width - last.column;
  else ranges.push(cell);
}

/** The text of the line that begins at `row`, and the row of the next line. */
function readLine(buffer: IBuffer, row: number): { text: string; next: number } {
  let text = "";
  let next = row;
  do {
    const line = buffer.getLine(next);
    next += 1;
    const goesOn = buffer.getLine(next)?.isWrapped === true;
    text += line?.translateToString(!goesOn) ?? "";
    if (!goesOn) break;
  } while (next < buffer.length);
  return { text, next };
}
