/**
 * Runs a script of sh with arguments, as a command in one line that every login shell reads the same way. The script
 * holds no single quote, no backslash before another one or at a line's end, and `!` only before a blank or `=`; its
 * comments have lines of their own, the patterns of a `case` have none. An argument is one word: letters, digits and
 * `/._@+-`.
 */
export function shCommand(script: string, ...args: readonly (string | number)[]): string {
  return ["/bin/sh -c", `'${oneLine(script)}'`, "hostrun", ...args].join(" ");
}

/** What ends a line after which no command is over yet. */
const isOpen = /(?:[{(|&]|;;|\b(?:then|do|else))$/;

/** Such a script as one line, for a word in single quotes. */
export function oneLine(script: string): string {
  const lines = script
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  return lines.reduce((before, line) => before + (isOpen.test(before) ? " " : "; ") + line);
}
