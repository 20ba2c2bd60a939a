import { userInfo } from "node:os";
import { afterAll, expect, test } from "vitest";
import { openCli } from "../support/cli.ts";
import { SecretSearch } from "../support/secret-search.ts";
import { openSshd } from "../support/sshd.ts";
import { openTerminal } from "../support/terminal.ts";

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
  expect(run.stderr.toString()).toContain("Running: printf '%s|' it\\'s");

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
