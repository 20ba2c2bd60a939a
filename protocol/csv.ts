/** A field of a row, quoted where RFC 4180 wants it. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${doubledQuotes(text)}"` : text;
}

/** What stands between the quotes of a field. */
export function doubledQuotes(text: string): string {
  return text.replaceAll('"', '""');
}
