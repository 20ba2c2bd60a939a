import { userInfo } from "node:os";
import { afterAll, expect, test } from "vitest";
import * as z from "zod";
import { openCli } from "../support/cli.ts";
import { SecretSearch } from "../support/secret-search.ts";
import { openSshd } from "../support/sshd.ts";
import { openTerminal } from "../support/terminal.ts";

const snippetShape = z.object({ id: z.int() });
const secret = "canary-snippet-1729";
await using stack = new AsyncDisposableStack();
const sshd = stack.use(await openSshd());
const cli = stack.use(await openCli(sshd));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const name = "web1";
const hostrun = (...args: readonly string[]) => cli.run(args);

test("a snippet is kept, shown, changed, run with its values as single words, and removed", async () => {
  await hostrun("hosts", "edit", name, "--group", "my group");
  const add = ["snippets", "add", "greet", "--description", "says hello", "--input", "who:text", "--input"];
  expect(
    (await hostrun(...add, "times:number:1..3=2", "--", "printf '%s|' {{who}} {{times}} {{host.group}}"))
      .status,
  ).toBe(0);
  expect((await hostrun("snippets")).stdout.toString()).toMatch(/greet +who times +says hello/);
  expect((await hostrun("snippets", "show", "greet")).stdout.toString()).toContain("times:number:1..3=2");

  const run = await hostrun("run", "--snippet", "greet", "--set", "who=it's $(id); me", name);
  expect(run.stdout.toString()).toBe("it's $(id); me|2|my group|");
  // The finished command is shown first.
  expect(run.stderr.toString()).toContain("Running: printf '%s|' 'it'\\''s");

  expect(
    (
      await hostrun("run", "--snippet", "greet", "--set", "who=a", "--set", "times=4", name)
    ).stderr.toString(),
  ).toContain("at most 3");
  const again = await hostrun(
    "snippets",
    "edit",
    "greet",
    "--name",
    "hello",
    "--target",
    name,
    "--",
    "echo {{who}} {{times}}",
  );
  expect(again.status).toBe(0);
  expect((await hostrun("run", "-q", "--snippet", "hello", "--set", "who=you")).stdout.toString()).toBe(
    "you 2\n",
  );
  expect((await hostrun("snippets", "rm", "hello")).status).toBe(0);
  expect((await hostrun("snippets", "show", "hello")).stderr.toString()).toContain("no snippet hello");
});

test("what cannot be meant is refused as a fault of the command line", async () => {
  const add = (command: string, ...options: readonly string[]) =>
    hostrun("snippets", "add", ...options, "--", command);
  const input = ["--input", "n:number:1..3"];
  expect((await add("echo {{n}}", "counted", ...input)).status).toBe(0);
  for (const [given, said] of [
    [["--set", "n=0"], "--set n: must be at least 1"],
    [["--set", "n=1", "--set", "other=1"], "other: is not an input"],
    [[], "n: is missing"],
  ] as const) {
    const run = await hostrun("run", "-n", "--snippet", "counted", ...given, name);
    expect(run.stderr.toString()).toContain(said);
    expect(run.status).toBe(2);
  }
  const none = await hostrun("run", "-n", "--snippet", "nosuch", name);
  expect(none.stderr.toString()).toContain("no snippet nosuch");
  expect(none.status).toBe(2);

  for (const [command, options, said] of [
    ["true", ["12"], "a number alone"],
    ["true", ["a", "--input", "x:text"], "does not use"],
    ["echo {{x}}", ["a", "--input", "x:number:5..1"], "at most 1"],
    ["echo {{x}}", ["a", "--input", "x:number:1..5=9"], "at most 5"],
    ["echo {{x}}", ["a", "--input", "x:choice:b,c=d"], "one of: b, c"],
    ["echo {{x}}", ["a", "--input", "x:host=h2;id"], "name of a host"],
    ["echo /srv/$LOGNAME{{x}}", ["a", "--input", "x:text"], "joined to /srv/$LOGNAME"],
  ] as const) {
    const refused = await add(command, ...options);
    expect(refused.stderr.toString()).toContain(said);
    expect(refused.status).not.toBe(0);
  }

  const { id } = snippetShape.parse(
    JSON.parse((await hostrun("snippets", "show", "counted", "--json")).stdout.toString()),
  );
  const byId = await hostrun("snippets", "remove", String(id));
  expect(byId.stderr.toString()).toContain("is counted: remove it by its name");
  expect(byId.status).toBe(2);
  expect((await hostrun("snippets", "show", "counted")).status).toBe(0);
});

test("a secret is asked for without showing it, or taken from the environment, and is kept nowhere", async () => {
  const search = new SecretSearch({ secret });
  await hostrun(
    "snippets",
    "add",
    "login",
    "--input",
    "token:secret",
    "--",
    "printf '<%s>' {{token}} | wc -c",
  );
  const watching = new AbortController();
  const watched = search.watchProcesses({ uid: userInfo().uid }, watching.signal);
  const terminal = openTerminal(cli, "run", "-n", "--snippet", "login", name);
  await terminal.shows("token:");
  terminal.type(`${secret}\r`);
  expect((await terminal.ended).status).toBe(0);
  watching.abort();
  await watched;
  expect(terminal.shown()).toContain(String(secret.length + 2));
  expect(terminal.shown()).toContain("printf '<%s>' \"$HOSTRUN_INPUT_token\" | wc -c");
  search.look("the terminal", terminal.shown());
  await search.lookInFiles(cli.stateDirectory);
  search.look("the history", (await hostrun("history", "--json")).stdout);
  expect([...search.found]).toEqual([]);

  const refused = await hostrun("run", "-n", "--snippet", "login", name);
  expect(refused.stderr.toString()).toContain("set HOSTRUN_INPUT_token here");
  expect(refused.status).toBe(2);
});

test("on several hosts each has its own values, which are shown before they run, also again", async () => {
  await hostrun("hosts", "edit", name, "--group", "my group");
  await hostrun(
    "hosts",
    "add",
    "web2",
    `${sshd.user}@${sshd.address}:${sshd.port}`,
    "--group",
    "it's $(id)",
    "--identity-file",
    sshd.clientKey.path,
  );
  const command = "printf '%s=%s=%s\\n' {{host.name}}-{{who}} {{host.group}} {{token}}";
  const inputs = ["--input", "who:text", "--input", "token:secret"];
  await hostrun("snippets", "add", "each", ...inputs, "--", command);
  const env = { HOSTRUN_INPUT_token: secret };
  const args = ["run", "-n", "--gather", "--snippet", "each", "--set", "who=me"];
  const run = await cli.run([...args, name, "web2"], { env });
  expect(run.status).toBe(0);
  const [stdout, stderr] = [run.stdout.toString(), run.stderr.toString()];
  expect(stdout).toContain(`web2-me=it's $(id)=${secret}\n`);
  expect(stdout).toContain(`web1-me=my group=${secret}\n`);
  expect(stderr).toContain(`web2: printf '%s=%s=%s\\n' 'web2'-'me' 'it'\\''s $(id)' "$HOSTRUN_INPUT_token"`);
  // A run has the finished command; the job, what it was made of.
  const { stdout: listed } = await hostrun("jobs", "--json");
  const [job] = z
    .array(z.object({ id: z.string(), command: z.string() }))
    .parse(JSON.parse(listed.toString()));
  expect(job?.command).toBe(command);

  const again = await cli.run(
    ["jobs", "rerun", job?.id ?? "", "--only", "all", "--gather", "--secret-env", "HOSTRUN_INPUT_token"],
    { env },
  );
  expect(again.stdout.toString()).toContain("web2-me=it's $(id)=");

  const none = await hostrun("run", "-n", "--snippet", "each", "--set", "who=me", "web*", "nosuch*");
  expect(none.stderr.toString()).toContain("There is no host for nosuch*");
  expect(none.status).toBe(2);
});
