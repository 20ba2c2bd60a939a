import { afterAll, expect, test } from "vitest";
import { finish, openCli, seen } from "../support/cli.ts";
import { openSshd } from "../support/sshd.ts";

await using stack = new AsyncDisposableStack();
const cli = stack.use(await openCli(stack.use(await openSshd())));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

test("attach shows a run from its beginning, follows it, and takes its exit status", async () => {
  const child = cli.start(["run", "-n", "web1", "--", "echo one; sleep 1; echo two; exit 6"]);
  const running = finish(child);
  await seen(child.stdout, "one\n");
  const attached = await cli.run(["attach", "last"]);
  expect([attached.status, attached.stdout.toString()]).toEqual([6, "one\ntwo\n"]);
  expect((await running).status).toBe(6);
});

test("attach --after goes on after any event of --json, and knows the exit status after the last one", async () => {
  await cli.run(["run", "web1", "--", "echo one; exit 6"]);
  const whole = await cli.run(["attach", "last", "--json"]);
  const lines = whole.stdout.toString().trimEnd().split("\n");
  const after = (line: string | undefined) =>
    cli.run(["attach", "last", "--json", "--after", /"id":"(\w+\.\d+)"/.exec(line ?? "")?.[1] ?? ""]);
  const rest = await after(lines[0]);
  expect([rest.status, rest.stdout.toString()]).toEqual([6, `${lines.slice(1).join("\n")}\n`]);
  const nothing = await after(lines.at(-1));
  expect([nothing.status, nothing.stdout.toString(), nothing.stderr.toString()]).toEqual([6, "", ""]);
});

test("attach --after says what it takes when the run has no such event", async () => {
  await cli.run(["run", "web1", "--", "true"]);
  for (const after of ["bogus", "abc.1"]) {
    const { status, stderr, stdout } = await cli.run(["attach", "last", "--after", after]);
    expect([status, stdout.toString()]).toEqual([2, ""]);
    expect(stderr.toString()).toBe(
      `hostrun: --after is "${after}", but must be the id of an event of this run, as \`hostrun attach --json\` shows it. ` +
        "Without it, the run is shown from its beginning.\nSee `hostrun attach --help`.\n",
    );
  }
});
