import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { commandLine, quote } from "../../../../daemon/runs/command-line.ts";

const run = promisify(execFile);
const plain = { useBash: false, loginShell: false, cwd: null, env: {} };

test("without options it is the command itself", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (command) => {
      expect(commandLine(command, plain)).toBe(command);
    }),
  );
});

test.each(["sh", "bash"])("any text is one word for %s", async (shell) => {
  const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", ""));
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1 }), async (words) => {
      const { stdout } = await run(shell, ["-c", `printf '%s\\0' ${words.map(quote).join(" ")}`]);
      expect(stdout.split("\0").slice(0, -1)).toEqual(words.map((word) => word.toWellFormed()));
    }),
    { numRuns: 50 },
  );
});

test("environment and directory are set before the command, and a directory that is not there ends it", async () => {
  const line = commandLine('printf %s "$PWD $A"', { ...plain, cwd: "/usr", env: { A: "it's $HOME" } });
  expect((await run("sh", ["-c", line])).stdout).toBe("/usr it's $HOME");
  const missing = commandLine("echo never", { ...plain, cwd: "-x", useBash: true });
  await expect(run("sh", ["-c", missing])).rejects.toMatchObject({ code: 1, stdout: "" });
});

test("useBash reaches bash whatever the shell is, without job control", async () => {
  const command = `x='a  b'; [[ $x == a* ]] && printf '%s' "$x!" && case $- in *m*) echo jobs;; esac; :`;
  const line = commandLine(command, { ...plain, useBash: true });
  expect((await run("dash", ["-c", line])).stdout).toBe("a  b!");
});
