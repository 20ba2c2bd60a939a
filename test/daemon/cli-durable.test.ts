import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cli, finish, openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { until } from "../support/durable.ts";
import { createKey, type SshKey } from "../support/ssh-key.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";
import { openTerminal } from "../support/terminal.ts";

const stack = new AsyncDisposableStack();
let cli: Cli;
let sshd: Sshd;
let keys: { readonly hostKeys: readonly SshKey[]; readonly authorizedKeys: readonly string[] };
let goFile: string;

beforeAll(async () => {
  const directory = stack.use(await openDirectory());
  goFile = directory.join("go");
  // They outlast the server.
  const clientKey = await createKey(directory.join("client"));
  keys = {
    hostKeys: [await createKey(directory.join("host"))],
    authorizedKeys: [clientKey.publicKey],
  };
  sshd = await openSshd(keys);
  stack.defer(() => sshd[Symbol.asyncDispose]());
  cli = stack.use(await openCli({ ...sshd, clientKey }));
});
afterAll(() => stack.disposeAsync());

/** What a command says so far, and how it ends. */
function watched(args: readonly string[]) {
  const child = cli.start(args);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const end = finish(child);
  return { says: (text: string) => until(async () => said.includes(text)), end };
}

test("hostrun run --durable and hostrun attach have all of a run whose host was away, and its exit status", async () => {
  const command = `echo one; echo two >&2; while [ ! -e ${goFile} ]; do sleep 0.1; done; echo three; exit 6`;
  const run = watched(["run", "-v", "--durable", "web1", "--", command]);
  await run.says("one\n");
  const { stdout } = await cli.run(["history", "--json"]);
  const id = /"id":\s*"([0-9a-f-]{36})"/.exec(stdout.toString())?.[1] ?? "";
  const early = watched(["attach", "-v", id]);
  await early.says("one\n");

  const { port } = sshd;
  await sshd[Symbol.asyncDispose]();
  await Promise.all([run.says("Reconnecting to web1"), early.says("Reconnecting to web1")]);
  const meanwhile = watched(["attach", "-v", id]);
  await meanwhile.says("Reconnecting to web1");
  // The command ends while nobody sees it.
  await writeFile(goFile, "");
  sshd = await openSshd({ ...keys, port });

  for (const { end } of [run, early, meanwhile, watched(["attach", id])]) {
    const { status, stdout: said, stderr } = await end;
    expect([status, said.toString()]).toEqual([6, "one\nthree\n"]);
    expect(stderr.toString().split("two\n")).toHaveLength(2);
  }
  expect((await run.end).stderr.toString()).toContain("Reconnected to web1");
});

test("what a durable run waits for is told on a terminal after some seconds, without -v", async () => {
  const go = `${goFile}-2`;
  const terminal = openTerminal(
    cli,
    "run",
    "--durable",
    "web1",
    `echo up; while [ ! -e ${go} ]; do sleep 0.1; done`,
  );
  await terminal.shows("up");
  const { port } = sshd;
  await sshd[Symbol.asyncDispose]();
  await terminal.shows("Reconnecting to web1.");
  sshd = await openSshd({ ...keys, port });
  await terminal.shows("Reconnected to web1.");
  await writeFile(go, "");
  expect((await terminal.ended).status).toBe(0);
});

test("hostrun run --durable ends as a shell does when a signal ended the command", async () => {
  const { status, stdout } = await cli.run(["run", "--durable", "web1", "--", "echo up; kill -TERM $$"]);
  expect([status, stdout.toString()]).toEqual([128 + 15, "up\n"]);
});
