import { type ChildProcessWithoutNullStreams, execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli, type Cli, finish, openCli, seen } from "../support/cli.ts";
import { quoted, startOnTerminal } from "../support/on-terminal.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { openTerminal } from "../support/terminal.ts";

const execFileAsync = promisify(execFile);
let sshd: Sshd;
let cli: Cli;

beforeAll(async () => {
  sshd = await openSshd();
  cli = await openCli(sshd);
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
});

/** Starts bash on a terminal of its own, in the home directory, with `hostrun` as a function. */
function startShell(line: string): ChildProcessWithoutNullStreams {
  const env = { PATH: process.env["PATH"], HOME: cli.home, HOSTRUN_HOME: cli.stateDirectory };
  const program = `hostrun() { "${process.execPath}" "${builtCli}" "$@"; }; ${line}`;
  return startOnTerminal(`bash -c ${quoted(program)}`, { env, cwd: cli.home });
}

async function shownBy(line: string, input = ""): Promise<string> {
  const child = startShell(line);
  child.stdin.write(input);
  return (await finish(child)).stdout.toString().replaceAll("\r", "");
}

test("what is typed is passed on line by line, and Ctrl-D ends it", async () => {
  const command = 'echo ready; while read -r line; do echo "got <$line>"; done; echo over; exit 3';
  const terminal = openTerminal(cli, "run", "web1", "--", command);
  await terminal.shows("ready");
  terminal.type("onf\u007fe\n");
  await terminal.shows("got <one>");
  terminal.type("two\n");
  await terminal.shows("got <two>");
  terminal.type("\u0004");
  await terminal.shows("over");
  expect((await terminal.ended).status).toBe(3);
});

test("Ctrl-C cancels a command that reads what is typed", async () => {
  const terminal = openTerminal(cli, "run", "web1", "--", "echo ready; cat");
  await terminal.shows("ready");
  terminal.type("a line\n");
  await terminal.shows("a line\r\na line");
  terminal.type("\u0003");
  await terminal.shows("Cancelling");
  expect((await terminal.ended).status).toBe(130);
});

test.each([
  ["with -n", ["-n"]],
  ["for a result that may be cached", ["--cache-ttl", "60s"]],
])("%s nothing is read from a terminal", async (_when, options) => {
  const terminal = openTerminal(cli, "run", ...options, "web1", "--", "wc -c; sleep 0.2");
  await terminal.shows("0");
  expect((await terminal.ended).status).toBe(0);
});

test("a command in the background of a terminal does not read it, and is not stopped", async () => {
  expect(await shownBy('set -m; hostrun run web1 "wc -c; echo over" & wait; jobs')).toContain("0\nover\n");
});

test("what the command has not read is left to the shell", async () => {
  const shown = await shownBy(
    'hostrun run -n web1 -- echo first; read -r line; echo "shell: $line"',
    "typed\n",
  );
  expect(shown).toContain("shell: typed");
});

test("with --pty the command gets each key as it is pressed, Ctrl-C too", async () => {
  const command =
    'bash -c \'trap "echo caught; exit 3" INT; echo ready; read -rsn1 key; echo "key <$key>"; sleep 30 & wait\'';
  const terminal = openTerminal(cli, "run", "--pty", "web1", "--", command);
  await terminal.shows("ready");
  terminal.type("k");
  await terminal.shows("key <k>");
  terminal.type("\u0003");
  await terminal.shows("caught");
  expect((await terminal.ended).status).toBe(3);
  expect(terminal.shown()).not.toContain("Cancelling");
});

test("with --pty a new size of the terminal is passed on, and the terminal is left as it was", async () => {
  const command = String.raw`echo ready; until [ \"\$(stty size)\" = \"41 101\" ]; do sleep 0.05; done; echo seen`;
  const child = startShell(`tty > tty; hostrun run --pty web1 -- "${command}"; stty -a`);
  await seen(child.stdout, "ready");
  const terminal = (await readFile(join(cli.home, "tty"), "utf8")).trim();
  await execFileAsync("stty", ["-F", terminal, "rows", "41", "cols", "101"]);
  const shown = (await finish(child)).stdout.toString();
  expect(shown).toContain("seen");
  expect(shown).toMatch(/ icanon /);
  expect(shown).toMatch(/ echo /);
});
