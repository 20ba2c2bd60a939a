import { expect, test } from "vitest";
import { commandLine, iconless, linkless, oneLine, shortened } from "../../../extension/plain-text.ts";

test("text of any origin is one line without what hides or reorders it", () => {
  expect(oneLine("a\n\tb\u001b[31mc\u202egnp.exe\u200b\u0000")).toBe("a b [31mc gnp.exe");
});

test("a long text is cut between characters, with a mark", () => {
  expect(shortened("uptime", 6)).toBe("uptime");
  expect(shortened("🙂🙂🙂🙂", 3)).toBe("🙂🙂…");
});

test("a command of several lines shows where they end", () => {
  expect(commandLine("\n for i in 1 2; do\r\n  echo $i\n\ndone\n", 80)).toBe(
    "for i in 1 2; do ⏎ echo $i ⏎ done",
  );
  expect(commandLine("echo one\necho two", 12)).toBe("echo one ⏎ …");
  expect(commandLine("uptime\n", 80)).toBe("uptime");
});

test("a command substitution is no icon", () => {
  expect(iconless("echo $(date) $(sync~spin) $((1+2)) ${x}")).toBe(
    "echo $\u200b(date) $\u200b(sync~spin) $\u200b((1+2)) ${x}",
  );
});

test("a server's words are no link", () => {
  expect(linkless("see [here](command:evil)")).toBe("see [here] (command:evil)");
});
