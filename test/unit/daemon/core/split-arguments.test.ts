import { expect, test } from "vitest";
import { joinArguments, splitArguments } from "../../../../daemon/core/split-arguments.ts";

test.each<[string, string[] | undefined]>([
  ["", []],
  [" /a  b\tc ", ["/a", "b", "c"]],
  [String.raw`a "b c" 'd e'`, ["a", "b c", "d e"]],
  [String.raw`a "b 'c' d"'e "f"'`, ["a", `b 'c' de "f"`]],
  [String.raw`a\ b \"c\' \\d \e`, ["a b", `"c'`, String.raw`\d`, String.raw`\e`]],
  [String.raw`"a\" b\ c"`, [String.raw`a" b\ c`]],
  [String.raw`'a\' b'`, ["a' b"]],
  [`a ""`, ["a", ""]],
  [`a "b`, undefined],
  ["a 'b", undefined],
  [`a "b\\"`, undefined],
])("%j are the words %j", (text, words) => {
  expect(splitArguments(text)).toEqual(words);
  if (words !== undefined) expect(splitArguments(joinArguments(words))).toEqual(words);
});

test("a comment ends a line only where comments are", () => {
  expect(splitArguments("a b#c #d 'e", { comments: true })).toEqual(["a", "b#c"]);
  expect(splitArguments("a #b")).toEqual(["a", "#b"]);
});
