import { spawn } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCli, finish, openCli } from "../support/cli.ts";
import { startOnTerminal } from "../support/on-terminal.ts";

await using starting = new AsyncDisposableStack();
const cli = starting.use(await openCli());
const owned = starting.move();
afterAll(() => owned.disposeAsync());

const bin = join(cli.home, "bin");
const env = {
  PATH: `${bin}:${process.env["PATH"]}`,
  HOME: cli.home,
  HOSTRUN_HOME: cli.stateDirectory,
  TERM: "dumb",
};

beforeAll(async () => {
  await mkdir(bin);
  await symlink(builtCli, join(bin, "hostrun"));
  await cli.run(["hosts", "add", "web1", "a@127.0.0.1", "--tag", "front", "--group", "prod/eu west"]);
  await cli.run(["hosts", "add", "::1", "a@127.0.0.1"]);
  await cli.run(["hosts", "add", "db1", "a@127.0.0.1", "--tag", "back"]);
});

/** What bash makes of the words when Tab has been pressed behind each of the lines. */
async function completedByBash(lines: readonly string[]): Promise<string[]> {
  const child = startOnTerminal("bash --norc --noprofile -i", { env });
  const ended = finish(child);
  const shown: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => shown.push(String(chunk)));
  child.stdin.write("source <(hostrun completion bash)\n");
  for (const line of lines) {
    // Behind the completion the line becomes one that prints its words.
    child.stdin.write(`${line}\t\u0001printf '<%s>' = \n`);
  }
  child.stdin.write("exit\n");
  await ended;
  return [...shown.join("").matchAll(/<=>((?:<[^>]*>)+)/g)].map(([, words = ""]) => words);
}

const cases: readonly (readonly [string, string])[] = [
  ["hostrun attac", "<hostrun><attach>"],
  ["hostrun hosts rem", "<hostrun><hosts><remove>"],
  ["hostrun run --fail-f", "<hostrun><run><--fail-fast>"],
  ["hostrun run we", "<hostrun><run><web1>"],
  ["hostrun run web1 tag:ba", "<hostrun><run><web1><tag:back>"],
  ["hostrun targets group:prod/e", "<hostrun><targets><group:prod/eu west>"],
  ["hostrun targets 'tag:fr", "<hostrun><targets><tag:front>"],
  ["hostrun history is:fa", "<hostrun><history><is:failed>"],
  ["hostrun history exit:3 host:d", "<hostrun><history><exit:3><host:db1>"],
];

/** What is written behind a blank or a colon stays what it is. */
const awkward: readonly (readonly [string, string])[] = [
  [String.raw`hostrun targets group:prod/eu\ w`, "<hostrun><targets><group:prod/eu west>"],
  ["hostrun targets 'group:prod/eu w", "<hostrun><targets><group:prod/eu west>"],
  ['hostrun targets "group:prod/eu w', "<hostrun><targets><group:prod/eu west>"],
  [String.raw`hostrun targets group:prod/no\ s`, "<hostrun><targets><group:prod/no s>"],
  ["hostrun targets ::", "<hostrun><targets><::1>"],
  ["hostrun run web1 --cwd w", "<hostrun><run><web1><--cwd><w>"],
];

const found = [
  "attach",
  "remove",
  "--fail-fast",
  "web1",
  "tag:back",
  "group:prod/eu west",
  "tag:front",
  "is:failed",
  "host:db1",
];

test("bash completes commands, options and names, and quotes them", async () => {
  const shown = await completedByBash(cases.map(([line]) => line));
  expect(shown).toEqual(cases.map(([, words]) => words));
});

test("and leaves nothing out of a word with blanks, quotes or colons in it", async () => {
  const shown = await completedByBash(awkward.map(([line]) => line));
  expect(shown).toEqual(awkward.map(([, words]) => words));
});

// Zsh's line editor wants a terminal that answers: what it is given is shown instead.
test("zsh is given the same words", async () => {
  const lines = cases.map(
    ([line]) => `words=(${line.replace("'", String.raw`\'`)}); CURRENT=$#words; _hostrun`,
  );
  const setUp = 'compdef() { }; compadd() { print -r -- "$argv[-1]" }; source <(hostrun completion zsh)';
  const child = spawn("zsh", ["-f", "-c", [setUp, ...lines].join("\n")], { env });
  const { stdout } = await finish(child);
  expect(stdout.toString().trim().split("\n")).toEqual(found);
});

test("and fish", async () => {
  const lines = cases.map(([line]) => `complete -C ${JSON.stringify(line)}`);
  const child = spawn(
    "fish",
    ["--no-config", "-c", ["hostrun completion fish | source", ...lines].join("; ")],
    { env },
  );
  const { stdout } = await finish(child);
  expect(stdout.toString().trim().split("\n")).toEqual(found);
});

test("no daemon is started for it", async () => {
  const { stdout, status } = await cli.run(["completion", "words", "--", "run", "we"]);
  expect([status, stdout.toString()]).toEqual([0, "web1\n"]);
  await cli.run(["stop"]);
  const without = await cli.run(["completion", "words", "--", "run", "we"]);
  expect([without.status, without.stdout.toString(), without.stderr.toString()]).toEqual([1, "", ""]);
  expect((await cli.run(["status"])).status).not.toBe(0);
});
