import type { IDisposable, IMarker, Terminal } from "@xterm/xterm";
import { findMatches, rangesOf } from "./screen-matches.ts";
import type { CellRange, ScreenMatch } from "./screen-matches.ts";
import { readTheme } from "./theme.ts";

/** Matches beyond this number are not counted. */
export const maxMatches = 10_000;
/** The number of matches that are marked, those around the active one. */
const maxMarked = 1000;
const searchAgainMs = 200;

type Place = Pick<ScreenMatch, "row" | "start">;

export interface SearchResult {
  /** The index of the active match, from 0; -1 when there is none. */
  index: number;
  /** `maxMatches` means that many or more. */
  count: number;
}

/**
 * Finds and marks text on the screen, and updates the marks as output arrives. The search addon of xterm.js considers
 * only the first hit of a line when it searches for whole words, and counts the matches of a regular expression
 * several times.
 */
export class ScreenSearch {
  readonly #terminal: Terminal;
  readonly #onResult: (result: SearchResult) => void;
  #pattern: RegExp | undefined;
  #matches: ScreenMatch[] = [];
  #index = -1;
  /** The row of the active match, even after rows above it have been trimmed. */
  #activeRow: IMarker | undefined;
  #marks: IDisposable[] = [];
  #timer: number | undefined;

  constructor(terminal: Terminal, onResult: (result: SearchResult) => void) {
    this.#terminal = terminal;
    this.#onResult = onResult;
    const again = (): void => {
      window.clearTimeout(this.#timer);
      if (this.#pattern !== undefined) this.#timer = window.setTimeout(() => this.#again(), searchAgainMs);
    };
    terminal.onWriteParsed(again);
    terminal.onResize(again);
  }

  /** Searches for a pattern with the flag "g", and goes to the active match, the next or the previous one. */
  find(pattern: RegExp, step: "stay" | "next" | "previous"): void {
    this.#pattern = pattern;
    const from = this.#position();
    this.#matches = findMatches(this.#terminal, pattern, maxMatches);
    this.#index = chosen(this.#matches, from, step);
    this.#mark();
    this.#reveal();
    this.#onResult({ index: this.#index, count: this.#matches.length });
  }

  clear(): void {
    window.clearTimeout(this.#timer);
    this.#pattern = undefined;
    this.#matches = [];
    this.#index = -1;
    this.#unmark();
  }

  /** Marks the matches in the current colours. */
  restyle(): void {
    this.#mark();
  }

  /** Selects the active match. */
  selectActive(): void {
    const match = this.#matches[this.#index];
    const ranges = match === undefined ? [] : rangesOf(this.#terminal, match);
    const first = ranges[0];
    const last = ranges.at(-1);
    if (first === undefined || last === undefined) return;
    const cells = (last.row - first.row) * this.#terminal.cols + last.column + last.width - first.column;
    this.#terminal.select(first.column, first.row, cells);
  }

  #again(): void {
    if (this.#pattern === undefined) return;
    const from = this.#position();
    this.#matches = findMatches(this.#terminal, this.#pattern, maxMatches);
    this.#index = chosen(this.#matches, from, "stay");
    this.#mark();
    this.#onResult({ index: this.#index, count: this.#matches.length });
  }

  /** The start of the active match; without one, the start of the viewport. */
  #position(): Place {
    const match = this.#matches[this.#index];
    if (match === undefined) return { row: this.#terminal.buffer.active.viewportY, start: 0 };
    const row = this.#activeRow?.line ?? -1;
    return { row: Math.max(0, row), start: row < 0 ? 0 : match.start };
  }

  #mark(): void {
    this.#unmark();
    const active = this.#matches[this.#index];
    if (active !== undefined) this.#activeRow = this.#markerAt(active.row);
    const first = Math.max(0, this.#index - maxMarked / 2);
    for (const match of this.#matches.slice(first, first + maxMarked)) {
      for (const range of rangesOf(this.#terminal, match)) this.#decorate(range, match === active);
    }
  }

  #unmark(): void {
    for (const mark of this.#marks) mark.dispose();
    this.#marks = [];
    this.#activeRow?.dispose();
    this.#activeRow = undefined;
  }

  #decorate({ row, column, width }: CellRange, active: boolean): void {
    const { match, activeMatch, activeForeground, matchBorder, activeBorder } = readTheme().matches;
    const marker = this.#markerAt(row);
    const colours = {
      backgroundColor: active ? activeMatch : match,
      ...(active && activeForeground !== undefined && { foregroundColor: activeForeground }),
    };
    const decoration = this.#terminal.registerDecoration({ marker, x: column, width, ...colours });
    decoration?.onRender((element) => {
      const border = active ? activeBorder : matchBorder;
      element.classList.add(active ? "active-match" : "match");
      if (border !== undefined) element.style.outline = `1px solid ${border}`;
    });
    this.#marks.push(...[marker, decoration].filter((mark) => mark !== undefined));
  }

  #markerAt(row: number): IMarker {
    const { baseY, cursorY } = this.#terminal.buffer.active;
    return this.#terminal.registerMarker(row - baseY - cursorY);
  }

  #reveal(): void {
    const match = this.#matches[this.#index];
    const row = match === undefined ? undefined : rangesOf(this.#terminal, match)[0]?.row;
    if (row === undefined) return;
    const { viewportY } = this.#terminal.buffer.active;
    if (row >= viewportY && row < viewportY + this.#terminal.rows) return;
    this.#terminal.scrollToLine(Math.max(0, row - Math.floor(this.#terminal.rows / 2)));
  }
}

/** The index of the match to go to; wraps around at both ends. */
function chosen(matches: readonly ScreenMatch[], from: Place, step: "stay" | "next" | "previous"): number {
  if (matches.length === 0) return -1;
  const behind = (match: ScreenMatch): number => match.row - from.row || match.start - from.start;
  if (step === "previous") {
    const before = matches.findLastIndex((match) => behind(match) < 0);
    return before === -1 ? matches.length - 1 : before;
  }
  const after = matches.findIndex((match) => (step === "next" ? behind(match) > 0 : behind(match) >= 0));
  return after === -1 ? 0 : after;
}
