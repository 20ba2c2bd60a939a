export interface FindOptions {
  caseSensitive: boolean;
  wholeWord: boolean;
  regex: boolean;
}

const wordCharacter = String.raw`[\p{L}\p{M}\p{N}_]`;
/** Anywhere but inside a word: also beside what belongs to no word, such as the dash of "-v". */
const wordEdge = `(?:(?<!${wordCharacter})|(?!${wordCharacter}))`;

/** What to look for as a regular expression; undefined when the text is none. */
export function findPattern(
  term: string,
  { caseSensitive, wholeWord, regex }: FindOptions,
): RegExp | undefined {
  const source = regex ? term : term.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  try {
    // By itself first: "a)(b" must not become an expression by what is put around it.
    const plain = new RegExp(source, "u");
    const text = wholeWord ? `${wordEdge}(?:${plain.source})${wordEdge}` : plain.source;
    return new RegExp(text, caseSensitive ? "gu" : "giu");
  } catch {
    return undefined;
  }
}
