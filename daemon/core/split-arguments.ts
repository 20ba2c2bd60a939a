/** Beyond it a pattern's own stack could run out; of plain words there may be any number. */
const maxQuotedLength = 16 * 1024;
const doubleQuoted = String.raw`"([^"\\]*(?:\\[^][^"\\]*)*)"`;
const singleQuoted = String.raw`'([^'\\]*(?:\\[^][^'\\]*)*)'`;
const word = String.raw`((?:[^ \t"'\\]+|\\[^\t]?|${doubleQuoted}|${singleQuoted})+)`;
/** The next word, or what is no more of one. */
const nextWord = new RegExp(String.raw`[ \t]*(?:($)|${word})`, "y");
const nextWordOrComment = new RegExp(String.raw`[ \t]*(?:(#[^]*|$)|${word})`, "y");
const quotes = new RegExp(String.raw`${doubleQuoted}|${singleQuoted}|\\(["'\\ ])`, "g");

/**
 * The words of a line as OpenSSH splits them, without a shell (misc.c, argv_split): quotes of both kinds and backslashes;
 * with `comments` it ends at a word that begins with `#`. Undefined where a quote is not closed, or a line with quotes is
 * longer than anybody writes one.
 */
export function splitArguments(text: string, { comments = false } = {}): string[] | undefined {
  // Nearly every line is plain words.
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

/** Such words as one line. */
export function joinArguments(words: readonly string[]): string {
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
  return words.map((each) => (/^[^\s"'\\#]+$/.test(each) ? each : quoted(each))).join(" ");
}

function unquote(_text: string, double?: string, single?: string, escaped?: string): string {
  return escaped ?? (double ?? single ?? "").replace(/\\(["'\\])/g, "$1");
}
