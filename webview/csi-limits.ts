export interface ScreenSize {
  rows: number;
  columns: number;
}

/**
 * Control sequences whose count xterm.js works off one by one: `CSI 999999999 b` would block the page for tens
 * of seconds. Counting rows (IL, DL, SU, SD) or columns (ICH, CHT, DCH, ECH, CBT, REP, SL, SR, …) beyond the
 * screen's own changes nothing more, so the screen's size is the limit.
 */
const rowCounts = "LMST";
const columnCounts = "@IPXZb";

/** No other parameter of any known sequence is larger. */
const maxCount = 9999;

/** The parameters of a CSI sequence with every number brought down to what can mean something. */
export function limitCsi(
  sequence: { parameters: string; intermediates: string; final: string },
  size: ScreenSize,
): string {
  const { parameters, intermediates, final } = sequence;
  const limit = limitOf(intermediates, final, size);
  return parameters.replace(/\d+/g, (digits) =>
    digits.length <= 2 ? digits : String(Math.min(Number(digits), limit)),
  );
}

function limitOf(intermediates: string, final: string, { rows, columns }: ScreenSize): number {
  if (intermediates !== "") return Math.max(rows, columns);
  if (rowCounts.includes(final)) return Math.max(rows, 100);
  if (columnCounts.includes(final)) return Math.max(columns, 100);
  return maxCount;
}

/**
 * Private modes that make no sense where nobody types: mouse and focus reports (which would also take the
 * selection away), bracketed paste, and held-back drawing, which a killed program would leave on.
 */
const refusedModes = new Set(["9", "2004", "2026"]);

/** `CSI ? … h|l` without the modes that are refused; undefined when none is left. */
export function allowedModes(parameters: string): string | undefined {
  const kept = parameters
    .split(";")
    .filter((mode) => !refusedModes.has(mode) && !/^10(0\d|1[56])$/.test(mode));
  return kept.length === 0 ? undefined : kept.join(";");
}

/**
 * By prefix, intermediates and final byte, what a terminal would answer (DA, DSR, DECRQM, DECREQTPARM, XTVERSION, DECRQCRA and
 * the keyboard's state), and what moves its window or prints: none of it is for a screen that only shows.
 */
const forTyping = new Set([
  "c",
  ">c",
  "=c",
  "?c",
  "n",
  "?n",
  "$p",
  "?$p",
  "x",
  ">q",
  "?u",
  "*y",
  "t",
  "i",
  "?i",
]);

export function isForTyping(kind: string): boolean {
  return forTyping.has(kind);
}
