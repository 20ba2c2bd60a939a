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
