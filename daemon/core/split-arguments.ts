/** A longer line could overflow the stack of a regular expression; a line of plain words may have any length. */
const maxQuotedLength = 16 * 1024;
const doubleQuoted = String.raw`"([^"\\]*(?:\\[^][^"\\]*)*)"`;
const singleQuoted = String.raw`'([^'\\]*(?:\\[^][^'\\]*)*)'`;
const word = String.raw`((?:[^ \t"'\\]+|\\[^\t]?|${doubleQuoted}|${singleQuoted})+)`;
/** The next word, or the end of the line. */
const nextWord = new RegExp(String.raw`[ \t]*(?:($)|${word})`, "y");
const nextWordOrComment = new RegExp(String.raw`[ \t]*(?:(#[^]*|$)|${word})`, "y");
const quotes = new RegExp(String.raw`${doubleQuoted}|${singleQuoted}|\\(["'\\ ])`, "g");

/**
 * Splits a line into words as OpenSSH does without a shell (misc.c, argv_split): both kinds of quotes, and backslashes;
 * with `comments` it ends at a word that starts with `#`. undefined if a quote is not closed, or if a line with quotes is
 * implausibly long.
 */
export function splitArguments(text: string, { comments = false } = {}): string[] | undefined {
  // Nearly every line consists of plain words.
  if (!/["'\\#]/.test(text)) return text.split(/[ \t]+/).filter((each) => each !== "");
  if (text.length > maxQuotedLength) return undefined;
  const next = comments ? nextWordOrComment : nextWord;
  const words: string[] = [];
  next.lastIndex = 0;
  for (;;) {
    const match = next.exec(text);
    if (match === null) return undefined;
    const [, end, found = ""] = match;
    if (end !== undefined) return words;
    words.push(found.replace(quotes, unquote));
  }
}

/** Joins words into a line that `splitArguments` splits into the same words. */
export function joinArguments(words: readonly string[]): string {
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
  return words.map((each) => (/^[^\s"'\\#]+$/.test(each) ? each : quoted(each))).join(" ");
}

function unquote(_text: string, double?: string, single?: string, escaped?: string): string {
  return escaped ?? (double ?? single ?? "").replace(/\\(["'\\])/g, "$1");
}
