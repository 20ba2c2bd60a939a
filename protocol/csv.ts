/** A field of a CSV row, quoted where RFC 4180 requires it. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${doubledQuotes(text)}"` : text;
}

/** The content of a quoted field. */
export function doubledQuotes(text: string): string {
  return text.replaceAll('"', '""');
}
