import { expect, test } from "vitest";
import { inputHint, readerIn } from "../../../webview/input-hint.ts";

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
  expect(inputHint(tail)).toBe(wish);
});

test.each([
  ["cat", "cat"],
  ["cat -n", "cat"],
  ["read -r name; echo hello $name", "read"],
  ["echo begin\nwhile read line; do echo $line; done", "read"],
  ["x=$(cat)", "cat"],
  ["sudo tee /etc/motd", "tee"],
  ["LC_ALL=C sort -u", "sort"],
  ["cd /tmp && wc -l", "wc"],
  ["head -n 5", "head"],
  ["test -e x || bash -s", "bash"],
  ["cat file", undefined],
  ["cat < file", undefined],
  ["cat <<EOF\nx\nEOF", undefined],
  ["ls | sort", undefined],
  ["while read line; do echo $line; done < file", undefined],
  ["read -u 3 line", undefined],
  ["bash -c 'cat'", undefined],
  ["echo 'first; read second'", undefined],
  ['echo "a \\" b; cat"', undefined],
  ["concatenate", undefined],
  ["echo cat", undefined],
  ["uptime", undefined],
  ["", undefined],
])("of %j it is %j that reads standard input", (command, reader) => {
  expect(readerIn(command)).toBe(reader);
});
