export interface ScreenSize {
  rows: number;
  columns: number;
}

/**
 * Control sequences whose count xterm.js processes one by one: `CSI 999999999 b` would block the page for tens of
 * seconds. Counts of rows (IL, DL, SU, SD) or columns (ICH, CHT, DCH, ECH, CBT, REP, SL, SR, …) beyond the size of the
 * screen have no further effect, so they are limited to that size.
 */
const rowCounts = "LMST";
const columnCounts = "@IPXZb";

/** No other parameter of a known sequence needs to be larger. */
const maxCount = 9999;

/** The parameters of a CSI sequence, with every number limited to a meaningful value. */
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
 * Private modes that make no sense without input: mouse and focus reports (which would also disable selection),
 * bracketed paste, and synchronized output, which a killed program would leave on.
 */
const refusedModes = new Set(["9", "2004", "2026"]);

/** `CSI ? … h|l` without the refused modes; undefined when none is left. */
export function allowedModes(parameters: string): string | undefined {
  const kept = parameters
    .split(";")
    .filter((mode) => !refusedModes.has(mode) && !/^10(0\d|1[56])$/.test(mode));
  return kept.length === 0 ? undefined : kept.join(";");
}

/**
 * By prefix, intermediates and final byte: sequences that a terminal replies to (DA, DSR, DECRQM, DECREQTPARM,
 * XTVERSION, DECRQCRA and the keyboard's state), and those that move its window or print: a screen that is only for
 * display supports none of them.
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
