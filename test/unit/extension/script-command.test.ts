import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { scriptCommand } from "../../../extension/runs/script-command.ts";

function run(script: string): string {
  const { command } = scriptCommand(script);
  if (command === undefined) throw new Error("no command");
  return execFileSync("/bin/sh", ["-c", command], { encoding: "utf8" });
}

test("a file without a first line of its own is run as it stands", () => {
  expect(scriptCommand("echo one\r\necho two\r\n")).toEqual({
    command: "echo one\necho two",
    interpreter: undefined,
  });
  expect(scriptCommand("# a comment\ntrue\n").command).toBe("# a comment\ntrue");
});

test.each(["#!/bin/bash", "#!/usr/bin/env bash", "#! /usr/bin/env -S bash -u"])(
  "%s is run by bash",
  (line) => {
    expect(run(`${line}\necho "it's $BASH_VERSION" | cut -c1-4\necho line $LINENO\n`)).toBe("it's\nline 3\n");
  },
);

test("arguments of the interpreter are kept, and what the script holds is not changed", () => {
  expect(run("#!/bin/sh -e\nfalse || printf '%s %s\\n' 'a\\b' \"$(printf '%s' \\'x)\"\n")).toBe("a\\b 'x\n");
  expect(run("#!/usr/bin/perl -w\nprint 'perl ', 40 + 2, qq{\\n};\n")).toBe("perl 42\n");
});

test.each(["#!/usr/bin/make -f", "#!/usr/bin/awk -f", "#!/usr/bin/env toString"])(
  "%s takes no program on its command line",
  (line) => {
    expect(scriptCommand(`${line}\nx\n`)).toEqual({
      command: undefined,
      interpreter: line
        .split(/[ ]/)
        .at(line.includes("env") ? 1 : 0)
        ?.replace("#!", ""),
    });
  },
);
