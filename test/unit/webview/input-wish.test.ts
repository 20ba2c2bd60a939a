import { expect, test } from "vitest";
import { inputWish } from "../../../webview/input-wish.ts";

test.each([
  ["sudo: a terminal is required to read the password; either use the -S option\n", "terminal"],
  ["the input device is not a TTY\n", "terminal"],
  ["stty: 'standard input': Inappropriate ioctl for device\n", "terminal"],
  ["EOFError: EOF when reading a line\n", "input"],
  ["Do you want to continue? [Y/n] Abort.\n", "input"],
  ["Proceed (yes/no)? ", "input"],
  ["Password: ", "input"],
  ["what is this?\nan answer\n", undefined],
  ["done\n", undefined],
  ["", undefined],
])("%j wanted %s", (tail, wish) => {
  expect(inputWish(tail)).toBe(wish);
});
