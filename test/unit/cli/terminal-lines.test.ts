import { expect, test } from "vitest";
import { terminalLines } from "../../../cli/terminal-lines.ts";

test.each([
  ["a\tb\r\nc\n", "a\tb\nc\n"],
  ["ok\rw9: forged\n", "ok\\rw9: forged\n"],
  ["\u001b[2J\u001b]0;title\u0007x\n", "\\e[2J\\e]0;title\\x07x\n"],
  ["\u001b[31mred\nplain\n", "\u001b[31mred\u001b[0m\nplain\n"],
  ["left\u202eright\n", "left\\u{202e}right\n"],
  ["no newline", "no newline"],
])("%j is shown as %j", (written, shown) => {
  expect(terminalLines(Buffer.from(written)).toString()).toBe(shown);
});
