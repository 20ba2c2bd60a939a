/** One line of an SSH configuration that says something. */
export interface ConfigLine {
  /** In lower case. */
  readonly keyword: string;
  /** Its arguments without their quotes; undefined where a quote is not closed. */
  readonly words: readonly string[] | undefined;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** A file, its lines, and what is included where. */
export interface ConfigTree {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly ConfigLine[];
  readonly included: ReadonlyMap<ConfigLine, readonly ConfigTree[]>;
}

/** Reads a line as readconf.c does; undefined for comments and blank lines. */
export function parseConfigLine(
  text: string,
  place: Pick<ConfigLine, "file" | "line">,
): ConfigLine | undefined {
  const match = /^[ \t\f\r]*"?([A-Za-z0-9]+)"?(?:[ \t]*=[ \t]*|[ \t]+|$)/.exec(text);
  if (match === null) return undefined;
  const words = splitWords(text.slice(match[0].length).trimEnd());
  return { keyword: (match[1] ?? "").toLowerCase(), words, ...place };
}

/** Beyond it a pattern's own stack could run out; of plain words there may be any number. */
const maxQuotedLength = 16 * 1024;
const doubleQuoted = String.raw`"([^"\\]*(?:\\[^][^"\\]*)*)"`;
const singleQuoted = String.raw`'([^'\\]*(?:\\[^][^'\\]*)*)'`;
/** The next word, or what is no more of one. */
const nextWord = new RegExp(
  String.raw`[ \t]*(?:(#[^]*|$)|((?:[^ \t"'\\]+|\\[^\t]?|${doubleQuoted}|${singleQuoted})+))`,
  "y",
);
const quotes = new RegExp(String.raw`${doubleQuoted}|${singleQuoted}|\\(["'\\ ])`, "g");

/**
 * Splits as misc.c's argv_split does: quotes of both kinds, backslashes, and an end at a word that begins with `#`.
 * Undefined when a quote is not closed, or a line with quotes is longer than anybody writes one.
 */
function splitWords(text: string): string[] | undefined {
  // Nearly every line is plain words.
  if (!/["'\\#]/.test(text)) return text.split(/[ \t]+/).filter((word) => word !== "");
  if (text.length > maxQuotedLength) return undefined;
  const words: string[] = [];
  nextWord.lastIndex = 0;
  for (;;) {
    const match = nextWord.exec(text);
    if (match === null) return undefined;
    const [, end, word = ""] = match;
    if (end !== undefined) return words;
    words.push(word.replace(quotes, unquote));
  }
}

function unquote(_text: string, double?: string, single?: string, escaped?: string): string {
  return escaped ?? (double ?? single ?? "").replace(/\\(["'\\])/g, "$1");
}
