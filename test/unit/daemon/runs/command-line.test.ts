import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
  type CommandLineOptions,
  commandLine,
  portable,
  quote,
  quoteForCsh,
} from "../../../../daemon/runs/command-line.ts";
import type { LoginShell } from "../../../../daemon/runs/login-shell.ts";
import { awkwardText } from "../../../support/awkward-text.ts";
import { cases, casesTimeout, times } from "../../../support/fault-figures.ts";
import { openShells, type ShellName, shellNames } from "../../../support/shells.ts";

const shells = await openShells();
afterAll(() => shells[Symbol.asyncDispose]());
const run = promisify(execFile);
const plain: CommandLineOptions = { useBash: false, loginShell: false, cwd: null, env: {} };

test("without options it is the command itself", () => {
  const shell = fc.constantFrom<LoginShell>("bourne", "fish", "csh", "other", "none");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), shell, (command, of) => {
      expect(commandLine(command, plain, of)).toBe(command);
    }),
  );
});

/** So many words are read by one process, as one argument may have 128 KiB. */
const batch = 500;
const batches = { numRuns: times(4, cases(0).numRuns / batch) };
const words = fc.array(fc.oneof(awkwardText, fc.string({ unit: "binary" }).map(withoutNul)), {
  minLength: batch,
  maxLength: batch,
  size: "max",
});

function withoutNul(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/**
 * Bash reads ~/.bashrc when it takes itself for a command of sshd, as it does without a shell above it. fish hands on
 * only what its locale can spell.
 */
const calm = { ...process.env, SHLVL: "1", LC_ALL: "C.UTF-8" };

async function expectRead(shell: ShellName, command: string, given: readonly string[]): Promise<void> {
  const { stdout } = await run(shells.path(shell), ["-c", command], { maxBuffer: 2 ** 24, env: calm });
  expect(stdout.split("\0").slice(0, -1)).toEqual(given);
}

/** By a program of its own: what is built into tcsh can't print a NUL. */
const printed = (quoted: readonly string[]): string => `/usr/bin/printf '%s\\0' ${quoted.join(" ")}`;

describe.each(shellNames)("any text is one word for %s", { timeout: casesTimeout }, (shell) => {
  test("quoted", async () => {
    const by = shell === "tcsh" ? quoteForCsh : quote;
    const property = fc.asyncProperty(words, (given) => expectRead(shell, printed(given.map(by)), given));
    await fc.assert(property, batches);
  });

  test("in a script that every shell reads the same way", async () => {
    const property = fc.asyncProperty(words, async (given) => {
      // Encoded it is up to five times as long.
      for (let from = 0; from < batch; from += 100) {
        const some = given.slice(from, from + 100);
        await expectRead(shell, portable(printed(some.map(quote))), some);
      }
    });
    await fc.assert(property, batches);
  });
});

test("environment and directory are set before the command, and a directory that is not there ends it", async () => {
  const options = { ...plain, cwd: "/usr", env: { A: "it's $HOME" } };
  const line = commandLine('printf %s "$PWD $A"', options, "bourne");
  expect((await run("sh", ["-c", line])).stdout).toBe("/usr it's $HOME");
  const missing = commandLine("echo never", { ...plain, cwd: "-x", useBash: true }, "bourne");
  await expect(run("sh", ["-c", missing])).rejects.toMatchObject({ code: 1, stdout: "" });
});

test("useBash reaches bash whatever the shell is, without job control", async () => {
  const command = `x='a  b'; [[ $x == a* ]] && printf '%s' "$x!" && case $- in *m*) echo jobs;; esac; :`;
  const line = commandLine(command, { ...plain, useBash: true }, "bourne");
  expect((await run("dash", ["-c", line])).stdout).toBe("a  b!");
});

/** The login shell may be any: what it is set by must not be in its language. */
describe.each(shellNames)("a login shell of no known family, which is %s", (shell) => {
  const ask = (command: string, options: Partial<CommandLineOptions>) => {
    const env = { ...calm, SHELL: shells.path(shell) };
    const line = commandLine(command, { ...plain, ...options }, "other");
    return run(shells.path(shell), ["-c", line], { env });
  };
  const awkward = `it's "two"\n!! $HOME \`id\` \\ é€😀\n`;

  test("has variables and directory, and runs the command itself", async () => {
    const { stdout, stderr } = await ask("printenv A; pwd; echo $0", { cwd: "/usr", env: { A: awkward } });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/\n\/usr\n[^\n]*\n$/);
    expect(stdout.startsWith(`${awkward}\n`)).toBe(true);
  });

  test("runs nothing without its directory", async () => {
    const missing = ask("echo ran", { cwd: "/nowhere/at all" });
    await expect(missing).rejects.toMatchObject({ code: 1, stdout: "" });
  });

  test("hands a command to bash", async () => {
    const { stdout } = await ask(`x=$A\nprintf '%s' "$x!"\n`, { useBash: true, env: { A: awkward } });
    expect(stdout).toBe(`${awkward}!`);
  });
});
