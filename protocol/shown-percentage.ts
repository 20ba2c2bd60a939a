/** Not part of a word (`a%20b`), of another number, or a column of a table of file systems (`42% /home`). */
const percentage = /(?<![\w+-]|\d[.,])(\d{1,3})(?:[.,]\d+)?%(?![\w%]| +\/)/g;

/**
 * The progress that a program reports, in whole percent (0 to 100), from the last line that it has written: the
 * percentage at its beginning, which is the total where the parts have their own (apt), else the last. Undefined where
 * the line has none.
 */
export function shownPercentage(line: string): number | undefined {
  const found = [...line.matchAll(percentage)].filter(([, digits]) => Number(digits) <= 100);
  const first = found.find(({ index }) => line.slice(0, index).trim() === "");
  const [, digits] = first ?? found.at(-1) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
