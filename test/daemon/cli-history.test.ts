import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { Run } from "../../protocol/run.ts";
import { finish, openCli, seen } from "../support/cli.ts";
import { openTerminal } from "../support/terminal.ts";
import { openSshd } from "../support/sshd.ts";

await using starting = new AsyncDisposableStack();
const sshd = starting.use(await openSshd());
const cli = starting.use(await openCli(sshd));
const owned = starting.move();
afterAll(() => owned.disposeAsync());

async function ran(...args: readonly string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  const { status, stdout, stderr } = await cli.run(args);
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** The commands that a search finds, newest first. */
async function found(...words: readonly string[]): Promise<string[]> {
  const { stdout, stderr, status } = await ran("history", ...words, "--json");
  expect([status, stderr.replace(/^hostrun: No runs (?:match|yet)\.\n$/, "")]).toEqual([0, ""]);
  return z
    .array(Run)
    .parse(JSON.parse(stdout))
    .map(({ command }) => command);
}

beforeAll(async () => {
  for (const command of ["echo one; date +%N", "echo 'no space left'; exit 3", "echo one; date +%N"]) {
    await cli.run(["run", "web1", "--", command]);
  }
});

test("a search is filters and a text, and what is none is refused with those that there are", async () => {
  expect(await found("host:web1", "exit:!0")).toEqual(["echo 'no space left'; exit 3"]);
  expect(await found("is:succeeded since:today")).toHaveLength(2);
  expect(await found("no", "space", "exit:>2")).toEqual(["echo 'no space left'; exit 3"]);
  expect(await found("until:yesterday")).toEqual([]);
  expect(await found("!is:succeeded")).toEqual(["echo 'no space left'; exit 3"]);
  expect(await found("!host:web2 !is:failed")).toHaveLength(2);
  expect(await found("!host:web1")).toEqual([]);
  expect(await found("list", "echo", "one", "-n", "1")).toEqual(["echo one; date +%N"]);
  const wrong = await ran("history", "hots:web1");
  expect(wrong).toMatchObject({ status: 2, stdout: "" });
  expect(wrong.stderr).toContain("There is no filter hots:. Use one of host:, exit:, is:");
  const twice = await ran("history", "host:web1", "--host", "web2");
  expect(twice).toMatchObject({ status: 2 });
  expect(twice.stderr).toContain("--host is also part of the search.");
});

test("a host that there is not is told apart from one without such runs", async () => {
  const none = await ran("history", "host:wbe1");
  expect(none).toMatchObject({ status: 0, stdout: "" });
  expect(none.stderr).toContain("there is no host wbe1, and no run of one is kept. Did you mean web1?");
  expect((await ran("history", "host:web1", "exit:77")).stderr).toBe("hostrun: No runs match.\n");
  const exported = await ran("history", "export", "--matching", "host:nosuch");
  expect(exported.stderr).toContain("there is no host nosuch");
});

test("the list is grouped as it is asked for", async () => {
  const byOutcome = await ran("history", "--group-by", "outcome");
  expect(byOutcome.stdout).toMatch(/^failed \(1\)\nID .*\n.*no space.*\n\nsucceeded \(2\)\nID /);
  expect((await ran("history", "--group-by", "host", "exit:3")).stdout).toMatch(/^web1 \(1\)\nID .*\n.*\n$/);
  expect((await ran("history", "--group-by", "day")).stdout).toMatch(/^today \(3\)\n/);
  expect((await ran("history", "--group-by", "job")).stdout).toMatch(/^no job \(3\)\n/);
  expect((await ran("history", "--group-by", "week")).stderr).toContain("day, host, job, outcome");
  expect((await ran("history", "--group-by", "day", "--json")).status).toBe(2);
});

test("on a terminal what is exported obeys nothing, and in a file it is as it was", async () => {
  await ran("run", "-q", "web1", "--", "printf 'a\\033[2Jb\\rc\\n'");
  for (const format of ["text", "json"]) {
    const terminal = openTerminal(cli, "history", "export", "last", "--format", format);
    await terminal.ended;
    expect(terminal.shown()).not.toContain("\u001b[2J");
    expect(terminal.shown()).toContain(format === "text" ? "a\\e[2Jb\\rc" : "a\\u001b[2Jb\\rc");
  }
  expect((await ran("history", "export", "last")).stdout).toContain("\na\u001b[2Jb\rc\n");
  expect((await ran("history", "forget", "last", "--yes")).status).toBe(0);
});

test("a run is pinned and noted, which show and the list tell, and a search finds", async () => {
  const [pinned, noted] = [
    await ran("history", "pin", "last"),
    await ran("history", "note", "last", "the bad one"),
  ];
  expect([pinned.status, noted.status]).toEqual([0, 0]);
  expect((await ran("history", "note", "last")).stdout).toBe("the bad one\n");
  expect((await ran("show", "last", "--no-output")).stdout).toMatch(/Pinned +yes\nNote +the bad one\n/);
  expect((await ran("history")).stdout).toMatch(/NOTE +COMMAND\n.*\[pinned\] the bad one +echo one/);
  expect(await found("pinned:yes", "bad one")).toEqual(["echo one; date +%N"]);
  expect((await ran("history", "note", "last", "a\nb")).stderr).toContain("TEXT: must be one line");
  await ran("history", "note", "last", "--clear");
  expect((await ran("history", "note", "last")).stdout).toBe("");
});

test("the outputs of two runs are compared, with the one before where one is named", async () => {
  const differing = await ran("diff", "last");
  expect(differing.status).toBe(1);
  expect(differing.stdout).toMatch(/^--- [\s\S]*\n one\n-\d+\n\+\d+\n$/);
  expect(await ran("diff", "last", "last")).toMatchObject({ status: 0, stdout: "" });
  const [, first = ""] = /(\S+)/.exec((await ran("history", "exit:3", "--format", "{{.id}}")).stdout) ?? [];
  const alone = await ran("diff", first);
  expect(alone.status).toBe(2);
  expect(alone.stderr).toContain("has not run on web1 before");
  const shown = await ran("show", "last", "--diff", first);
  expect(shown.stdout).toMatch(/^Run [\s\S]*\n-no space left\n/);
});

test("runs are exported as text, JSON and Markdown, to a file that is not there yet", async () => {
  const text = await ran("history", "export", "--matching", "exit:3");
  expect(text.stdout).toMatch(/^# web1, .*, exit 3, .*\n\$ echo 'no space left'; exit 3\nno space left\n$/);
  const json = await ran("history", "export", "--matching", "", "--format", "json");
  const runs = z.array(Run.extend({ stdout: z.string(), stderr: z.string() })).parse(JSON.parse(json.stdout));
  expect(runs.map(({ stdout }) => stdout.split("\n")[0])).toEqual(["one", "no space left", "one"]);
  const file = join(cli.home, "runs.md");
  expect(await ran("history", "export", "last", "--format", "markdown", "-o", file)).toMatchObject({
    status: 0,
  });
  expect(await readFile(file, "utf8")).toMatch(
    /^\*\*web1, .*\*\*\n\n```\necho one; date \+%N\n```\n\n```\none\n/,
  );
  const again = await ran("history", "export", "last", "-o", file);
  expect(again).toMatchObject({ status: 1 });
  expect(again.stderr).toContain("is there already");
  const standard = await ran("history", "export", "last", "-o", "-");
  expect(standard.stdout).toMatch(/^# web1, .*\n\$ echo one;/);
  const backup = await ran("backup", "-");
  expect([backup.status, backup.stderr]).toEqual([2, expect.stringContaining('FILE is "-"')]);
});

test("output that is no text keeps its bytes in JSON, and Markdown says so", async () => {
  await ran("run", "-q", "web1", "--", "printf 'a\\377b'; echo text >&2");
  const json = await ran("history", "export", "last", "--format", "json");
  const bytes = Buffer.from("a\xffb", "latin1").toString("base64");
  expect(JSON.parse(json.stdout)).toMatchObject([
    { stdout: bytes, stdoutEncoding: "base64", stderr: "text\n" },
  ]);
  expect(json.stdout).not.toContain("stderrEncoding");
  const markdown = await ran("history", "export", "last", "--format", "markdown");
  expect(markdown.stdout).toContain("*This output is not text in UTF-8");
  expect((await ran("history", "forget", "last", "--yes")).status).toBe(0);
});

test("runs are forgotten when somebody agrees to how many, and pinned ones are kept unless it is said", async () => {
  const unasked = cli.start(["history", "forget", "last"]);
  unasked.stdin.end();
  const refused = await finish(unasked);
  expect(refused.status).toBe(1);
  expect(refused.stderr.toString()).toContain("1 run pinned: kept.");

  const terminal = cli.startOnTerminal(["history", "forget", "--matching", ""]);
  const asked = seen(terminal.stdout, "Forget 2 runs and the output? [yes/no]");
  const ended = finish(terminal);
  await asked;
  terminal.stdin.write("no\n");
  expect((await ended).stdout.toString()).toContain("Nothing was forgotten.");
  expect(await found()).toHaveLength(3);

  const forgotten = await ran("history", "forget", "--matching", "", "--yes");
  expect(forgotten).toMatchObject({ status: 0, stdout: "Forgot 2 runs.\n" });
  expect(await found()).toEqual(["echo one; date +%N"]);
  await ran("history", "unpin", "last");
  expect((await ran("history", "forget", "last", "--yes")).stdout).toBe("Forgot 1 run.\n");
  expect(await found()).toEqual([]);
});
