/** Parses JSON into something that still has to be checked. Throws a SyntaxError. */
export function parseJson(text: string): unknown {
  return JSON.parse(text);
}
