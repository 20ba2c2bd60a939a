import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { text as textOf } from "node:stream/consumers";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { type CommandLineOptions, commandLine } from "../../../../../daemon/runs/command/command-line.ts";
import type { LoginShell } from "../../../../../daemon/transport/login-shell.ts";
import { portable, quote, quoteForCsh, quoteForFish } from "../../../../../daemon/runs/command/quoting.ts";
import { awkwardText } from "../../../../support/awkward-text.ts";
import { cases, casesTimeout, times } from "../../../../support/fault-counts.ts";
import { allShellNames, openShells, type ShellName } from "../../../../support/shells.ts";

const shells = await openShells();
afterAll(() => shells[Symbol.asyncDispose]());
const run = promisify(execFile);
const plain: CommandLineOptions = { useBash: false, loginShell: false, cwd: null, variables: {} };
const reading = { from: "there", token: "0123456789ab" } as const;

test("without options it is the command itself", () => {
  const shell = fc.constantFrom<LoginShell>("bourne", "fish", "csh", "none");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), shell, (command, of) => {
      expect(commandLine(command, plain, of, reading)).toEqual({ line: command, before: "", inputs: [] });
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

describe.each(allShellNames)("any text is one word for %s", { timeout: casesTimeout }, (shell) => {
  test("quoted", async () => {
    const by =
      new Map<string, typeof quote>([
        ["tcsh", quoteForCsh],
        ["fish", quoteForFish],
      ]).get(shell) ?? quote;
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

const sha256 = (data: string): string => createHash("sha256").update(data).digest("hex");

/** What a shell makes of a command, standard input included. */
async function made(path: string, shell: LoginShell, command: string, how: Partial<CommandLineOptions>) {
  const { line, inputs } = commandLine(command, { ...plain, ...how }, shell, reading);
  const child = spawn(path, ["-c", line], { env: { ...calm, SHELL: path } });
  child.stdin.on("error", () => undefined);
  child.stdin.end(Buffer.concat([...inputs, Buffer.from("its own\n")]));
  const closed = once(child, "close");
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  await closed;
  return { stdout, stderr, code: child.exitCode, line };
}

const awkward = `it's "two"\n!! $HOME \`id\` \\ é€😀\n`;
const families: Readonly<Record<ShellName, Exclude<LoginShell, "none">>> = {
  dash: "bourne",
  bash: "bourne",
  ash: "bourne",
  zsh: "bourne",
  ksh: "bourne",
  mksh: "bourne",
  fish: "fish",
  tcsh: "csh",
};

/** Also where the login shell is of no known family: then it must not be set by anything in its language. */
describe.each(
  allShellNames.flatMap((name) => [{ name, shell: families[name] }, { name, shell: "other" } as const]),
)("$name as $shell", ({ name, shell }) => {
  const ask = (command: string, how: Partial<CommandLineOptions>) =>
    made(shells.path(name), shell, command, how);

  test("has variables and directory, none of them in a command line, and its own standard input", async () => {
    const variables = { A: awkward, B: "second", _3: "" };
    for (const useBash of [false, true]) {
      const how = { cwd: "/usr", variables, useBash };
      const { stdout, stderr, line } = await ask("printenv A; printenv B; pwd; printenv _3; cat", how);
      expect(stderr).toBe("");
      expect(stdout).toBe(`${awkward}\nsecond\n/usr\n\nits own\n`);
      expect(line).not.toContain("second");
    }
  });

  test("runs nothing without its directory", async () => {
    const missing = await ask("echo ran", { cwd: "/nowhere/at all" });
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain("/nowhere/at all");
  });

  test("runs nothing with half of its variables", async () => {
    const variables = { A: "a".repeat(5000), B: "b" };
    const { line, inputs } = commandLine("echo ran", { ...plain, variables }, shell, reading);
    const half = Buffer.concat(inputs).subarray(0, 5000);
    for (const input of [half, Buffer.alloc(0)]) {
      const child = spawn(shells.path(name), ["-c", line], { env: { ...calm, SHELL: shells.path(name) } });
      child.stdin.end(input);
      const closed = once(child, "close");
      child.stderr.resume();
      expect(await textOf(child.stdout)).toBe("");
      await closed;
      expect(child.exitCode).not.toBe(0);
    }
  });

  test("hands the longest command to bash, whatever it holds, and keeps its exit code", {
    timeout: 120_000,
  }, async () => {
    const [begin, end] = ["sha256sum <<'END'\n", "\nEND\ncat; exit 7"];
    for (const part of ["'", "!", "\n'\\\\\"$`"]) {
      const filler = part.repeat(65_536).slice(0, 65_536 - begin.length - end.length);
      const how = { useBash: true, variables: { A: "b" }, cwd: "/usr", loginShell: part === "!" };
      const result = await ask(begin + filler + end, how);
      expect(result).toMatchObject({ code: 7, stdout: `${sha256(`${filler}\n`)}  -\nits own\n`, stderr: "" });
    }
  });
});

test("a word is at most 1.75 times as long as its text, for hosts that can be given nothing beside a line", () => {
  const dear = fc
    .subarray(["'", '"', "$", "`", "\\", "a"], { minLength: 1, maxLength: 3 })
    .chain((letters) => fc.array(fc.constantFrom(...letters), { minLength: 100, maxLength: 2000 }));
  fc.assert(
    fc.property(dear, (characters) => {
      expect(quote(characters.join("")).length).toBeLessThanOrEqual(1.75 * characters.length + 2);
    }),
  );
});

test("useBash reaches bash whatever the shell is, without job control", async () => {
  const command = `x='a  b'; [[ $x == a* ]] && printf '%s' "$x!" && case $- in *m*) echo jobs;; esac; :`;
  const { stdout } = await made(shells.path("dash"), "bourne", command, { useBash: true });
  expect(stdout).toBe("a  b!");
});
