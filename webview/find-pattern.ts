export interface FindOptions {
  caseSensitive: boolean;
  wholeWord: boolean;
  regex: boolean;
}

const wordCharacter = String.raw`[\p{L}\p{M}\p{N}_]`;
/** Anywhere but inside a word, including next to characters that belong to no word, such as the dash of "-v". */
const wordEdge = `(?:(?<!${wordCharacter})|(?!${wordCharacter}))`;

/** The search as a regular expression; undefined if it is invalid. */
export function findPattern(
  term: string,
  { caseSensitive, wholeWord, regex }: FindOptions,
): RegExp | undefined {
  const source = regex ? term : term.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  try {
    // Compiled on its own first: "a)(b" must not become valid through the surrounding text.
    const plain = new RegExp(source, "u");
    const text = wholeWord ? `${wordEdge}(?:${plain.source})${wordEdge}` : plain.source;
    return new RegExp(text, caseSensitive ? "gu" : "giu");
  } catch {
    return undefined;
  }
}
