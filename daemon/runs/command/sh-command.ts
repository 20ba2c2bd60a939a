/**
 * Runs an sh script with arguments, as a one-line command that every login shell parses the same way. The script must
 * contain no single quote, no backslash before another one or at the end of a line, and `!` only before a blank or `=`;
 * comments must be on lines of their own, and the patterns of a `case` must have none. An argument is one word of
 * letters, digits and `/._@+-`.
 */
export function shCommand(script: string, ...args: readonly (string | number)[]): string {
  return ["/bin/sh -c", `'${oneLine(script)}'`, "hostrun", ...args].join(" ");
}

/** Matches the end of a line on which the command is not complete. */
const isOpen = /(?:[{(|&]|;;|\b(?:then|do|else))$/;

/** Such a script on one line, for use within single quotes. */
export function oneLine(script: string): string {
  const lines = script
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  return lines.reduce((before, line) => before + (isOpen.test(before) ? " " : "; ") + line);
}
