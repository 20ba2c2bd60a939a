/** The targets in a text with blanks between; what has blanks in it stands in quotes: `tag:"front end" db*`. */
export function typedTargets(text: string): string[] {
  const words = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => word.replaceAll('"', "")).filter((word) => word !== "");
}
