import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, finish, openCli, seen } from "../support/cli.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { openTerminal } from "../support/terminal.ts";

const ESC = "\u001b";
/** The clipboard, a title, questions, a count, mouse reports, and bytes that are no text. */
const hostile = Buffer.concat([
  Buffer.from(`a${ESC}]52;c;cm0gLXJmIH4=\u0007b${ESC}]0;owned${ESC}\\c${ESC}[6n${ESC}[c${ESC}P$qm${ESC}\\`),
  Buffer.from(`d\u0005${ESC}[?1003h${ESC}]8;;file:///etc/shadow\u0007${ESC}[999999999bé`),
  Buffer.of(0xff, 0xc3),
  Buffer.from("\n"),
]);
const harmless = Buffer.concat([
  Buffer.from(`abcd${ESC}]8;;${ESC}\\${ESC}[100bé`),
  Buffer.of(0xff, 0xc3),
  Buffer.from("\r\n"),
]);
const twice = Buffer.concat([harmless, harmless]);

let sshd: Sshd;
let cli: Cli;
let command: string;

beforeAll(async () => {
  sshd = await openSshd();
  cli = await openCli(sshd);
  await writeFile(join(cli.home, "hostile"), hostile);
  command = `cat ${cli.home}/hostile; cat ${cli.home}/hostile >&2`;
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
});

async function onTerminal(...args: readonly string[]): Promise<Buffer> {
  const { status, stdout } = await openTerminal(cli, ...args).ended;
  expect(status).toBe(0);
  return stdout;
}

test("a terminal gets the output of a run byte for byte, and from the record only what draws", async () => {
  const live = await onTerminal("run", "-n", "web1", command);
  const lines = hostile.toString("latin1").replace("\n", "\r\n");
  expect(live.toString("latin1")).toBe(lines + lines);
  expect(await onTerminal("show", "last", "--output")).toEqual(twice);
  expect(await onTerminal("show", "last", "--output", "--stream", "stderr")).toEqual(harmless);
  expect(await onTerminal("attach", "last")).toEqual(twice);
  const shown = await onTerminal("show", "last");
  expect(shown.subarray(-twice.length)).toEqual(twice);
});

test("a pipe gets the record byte for byte", async () => {
  await cli.run(["run", "web1", command]);
  const both = Buffer.concat([hostile, hostile]);
  expect((await cli.run(["show", "last", "--output"])).stdout).toEqual(both);
  const { stdout, stderr } = await cli.run(["attach", "last"]);
  expect([stdout, stderr]).toEqual([hostile, hostile]);
});

test("a result from the cache comes from the record: a terminal gets what draws, a pipe every byte", async () => {
  const words = ["run", "-nq", "--cache-ttl", "60s", "web1", `${command}; : of the cache`];
  await cli.run(words);
  expect(await onTerminal(...words)).toEqual(twice);
  const { stdout, stderr } = await cli.run(words);
  expect([stdout, stderr]).toEqual([hostile, hostile]);
});

test("so does the result of a run that was under way", async () => {
  const words = ["run", "-nq", "--cache-ttl", "60s", "web1", `echo; sleep 1; ${command}`];
  const first = cli.start(words);
  await seen(first.stdout, "\n");
  const second = onTerminal(...words);
  expect((await finish(first)).status).toBe(0);
  expect(await second).toEqual(Buffer.concat([Buffer.from("\r\n"), twice]));
});

test("a person on a terminal is told that a result is from the cache, and a pipe gets the output alone", async () => {
  const words = ["run", "-n", "--cache-ttl", "60s", "web1", "echo told"];
  await cli.run(words);
  const shown = stripVTControlCharacters(String(await onTerminal(...words)));
  expect(shown).toMatch(
    /^hostrun: Answered from the cache: the result of a run that ended [\d.]+ m?s ago; `hostrun run --no-cache` runs it again\.\r\ntold\r\n$/,
  );
  const { stdout, stderr } = await cli.run(words);
  expect([String(stdout), String(stderr)]).toEqual(["told\n", ""]);
  const details = String((await cli.run(["show", "last", "--no-output"])).stdout);
  expect(details).toMatch(/^Outcome +exit 0, from the cache, .* old$/m);
  expect(details).not.toContain("Connection");
});

test("of a run that is under way what was recorded draws, and what comes is as the command writes it", async () => {
  const query = String.raw`printf '\033[6n'`;
  const under = cli.start([
    "run",
    "-n",
    "web1",
    `mkfifo ${cli.home}/go; printf 'one'; ${query}; printf '\\033]0;cut'; read -r go < ${cli.home}/go; printf ' off\\007'; ${query}; echo two`,
  ]);
  await seen(under.stdout, "cut");
  const attached = openTerminal(cli, "attach", "last");
  await attached.shows("one");
  await cli.run(["run", "web1", `echo > ${cli.home}/go`]);
  const { status, stdout } = await attached.ended;
  expect([status, stdout.toString()]).toEqual([0, `one${ESC}[6ntwo\r\n`]);
  await finish(under);
});

test("a terminal is left as it was before the replay, also by Ctrl-C", async () => {
  const screen = String.raw`printf '\033[?1049h\033[?25l\033[?2004h\033[31mred'`;
  const replayed = `${ESC}[?1049h${ESC}[?25l${ESC}[0;31mred`;
  const left = `${ESC}[?1049l${ESC}[?25h${ESC}[0m`;
  await onTerminal("run", "--pty", "web1", screen);
  expect(String(await onTerminal("show", "last", "--output"))).toBe(replayed + left);
  expect(String(await onTerminal("attach", "last"))).toBe(replayed + left);
  const under = openTerminal(cli, "run", "--pty", "web1", `${screen}; sleep 30`);
  await under.shows("red");
  const attached = openTerminal(cli, "attach", "last");
  await attached.shows("red");
  attached.type("\u0003");
  const { status, stdout } = await attached.ended;
  expect([status, String(stdout)]).toEqual([130, `${replayed}^C${left}`]);
  under.type("\u0003");
  await under.ended;
});

test("Ctrl-C in the middle of a long record leaves the terminal as it was, too", async () => {
  const long = "head -c 20000000 /dev/zero | tr '\\0' x";
  expect((await cli.run(["run", "web1", `printf '\\033[?1049h'; ${long}`])).status).toBe(0);
  const terminal = cli.startOnTerminal(["show", "last", "--output"]);
  // Nobody reads on, so that it is not over yet.
  const first: unknown[] = await once(terminal.stdout, "data");
  terminal.stdout.pause();
  expect(String(first[0]).startsWith(`${ESC}[?1049h`)).toBe(true);
  terminal.stdin.write("\u0003");
  const ended = finish(terminal);
  terminal.stdout.resume();
  const { status, stdout } = await ended;
  expect(status).toBe(130);
  expect(stdout.length).toBeLessThan(10_000_000);
  expect(stdout.subarray(-12).toString()).toBe(`${ESC}[?1049l${ESC}[0m`);
});
