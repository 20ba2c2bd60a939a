/** Splits a text into targets at spaces; one that contains spaces must be quoted: `tag:"front end" db*`. */
export function typedTargets(text: string): string[] {
  const words = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => word.replaceAll('"', "")).filter((word) => word !== "");
}
