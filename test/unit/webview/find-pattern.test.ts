import { expect, test } from "vitest";
import { findPattern } from "../../../webview/find-pattern.ts";

const off = { caseSensitive: false, wholeWord: false, regex: false };

function found(term: string, text: string, options: Partial<typeof off> = {}): string[] | undefined {
  const pattern = findPattern(term, { ...off, ...options });
  return pattern === undefined ? undefined : [...text.matchAll(pattern)].map((match) => match[0]);
}

test.each([
  ["a.b*", "A.B* axb", {}, ["A.B*"]],
  ["-v", "x -v -verbose", { wholeWord: true }, ["-v"]],
  ["cat", "concat cat Cat-like", { wholeWord: true }, ["cat", "Cat"]],
  ["cat", "concat cat Cat-like", { wholeWord: true, caseSensitive: true }, ["cat"]],
  ["Ä", "ä äpfel", { wholeWord: true }, ["ä"]],
  ["a|ab", "ab a", { wholeWord: true, regex: true }, ["ab", "a"]],
  ["e\\d+$", "e1 e22", { regex: true }, ["e22"]],
  ["a)(b", "ab", { regex: true, wholeWord: true }, undefined],
  ["(", "(", { regex: true }, undefined],
  ["(", "(", {}, ["("]],
])("%s in %s with %o", (term, text, options, expected) => {
  expect(found(term, text, options)).toEqual(expected);
});
