/**
 * Parses a number of hosts such as `3`, at least `min`, or a percentage such as `20%`; undefined when it is neither.
 */
export function shareOf(text: string, min: number): number | string | undefined {
  if (/^(?:100|[1-9]?\d)%$/.test(text)) return min > 0 && text === "0%" ? undefined : text;
  return /^\d{1,6}$/.test(text) && Number(text) >= min ? Number(text) : undefined;
}
