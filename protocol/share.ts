/** `3` hosts, from `min` on, or `20%` of them; undefined: it is neither. */
export function shareOf(text: string, min: number): number | string | undefined {
  if (/^(?:100|[1-9]?\d)%$/.test(text)) return min > 0 && text === "0%" ? undefined : text;
  return /^\d{1,6}$/.test(text) && Number(text) >= min ? Number(text) : undefined;
}
