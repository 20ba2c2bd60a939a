import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parseShell, shellQuery } from "../../../../daemon/worker/shell-question.ts";
import { startText } from "../../../../daemon/worker/start-text.ts";

const run = promisify(execFile);
const root = `${import.meta.dirname}/../../../..`;

test("Perl reads the worker without a warning", async () => {
  const { stderr } = await run("perl", ["-wc", `${root}/daemon/worker/worker.pl`]);
  expect(stderr).toMatch(/worker\.pl syntax OK\n$/);
  expect(stderr.split("\n")).toHaveLength(2);
});

test("the start is text that bash reads, and all of it is there", async () => {
  const text = startText("hostrun-1", "/bin/bash");
  await run("bash", ["-n", "-c", text]);
  expect(text).not.toMatch(/@[A-Z]+@/);
  expect(text.split("exec /usr/bin/perl -e '")[1]?.split("'")[0]).toMatch(
    /^use POSIX \(\);\n[^]*take_input\(\)/,
  );
});

test.each([
  ["bash", "hostrun-1:bash:/bin/bash:/usr/bin/bash:", "/bin/bash"],
  ["bash as sh", "hostrun-1:sh:/bin/sh:/usr/bin/bash:", undefined],
  ["dash", "hostrun-1:dash:/bin/dash:/usr/bin/dash:", undefined],
  ["another one's word", "hostrun-2:bash:/bin/bash:/usr/bin/bash:", undefined],
  ["a path that is no word", "hostrun-1:bash:/bin/$(id)/bash:/usr/bin/bash:", undefined],
])("a login shell that is %s", (_, answer, path) => {
  expect(parseShell("hostrun-1", `welcome\n${answer}\n`)).toBe(path);
});

test("a bash says so, and one that is not its account's says nothing", () => {
  const ask = (shell: string): string =>
    execFileSync("bash", ["-c", `${shellQuery("hostrun-1")}; true`], {
      env: { SHELL: shell },
      encoding: "utf8",
    });
  expect(parseShell("hostrun-1", ask("/bin/bash"))).toBe("/bin/bash");
  expect(ask("/bin/sh")).toBe("");
});
