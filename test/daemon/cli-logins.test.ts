import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { readFile, readlink, writeFile } from "node:fs/promises";
import { afterAll, beforeEach, expect, test } from "vitest";
import { openCli } from "../support/cli.ts";
import { openPasswordUser } from "../support/password-user.ts";
import { openSshd } from "../support/sshd.ts";
import { openTerminal } from "../support/terminal.ts";

/** Found nowhere where a secret must not be: in no argument, environment, answer, log or file. */
const password = "canary-PASSWORD-4711";

await using stack = new AsyncDisposableStack();
const user = stack.use(await openPasswordUser(password));
const sshd = stack.use(
  await openSshd({
    options: { PasswordAuthentication: "yes", PubkeyAuthentication: "no", MaxAuthTries: 10 },
  }),
);
const cli = stack.use(await openCli());
const owned = stack.move();
afterAll(() => owned.disposeAsync());
await writeFile(join(cli.home, ".ssh/known_hosts"), sshd.knownHosts);

async function said(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await cli.run(args);
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return stdout.toString();
}

beforeEach(async () => {
  await cli.run(["hosts", "remove", "web1"]);
  await cli.run(["stop", "--force"]);
  await said("hosts", "add", "web1", `${user.name}@${sshd.address}:${sshd.port}`);
});

test("on a terminal a password is asked for, is not shown, and logs in", async () => {
  const terminal = openTerminal(cli, "run", "-n", "web1", "--", "whoami");
  await terminal.shows("Password: ");
  terminal.type("wrong one\r");
  await terminal.shows("please try again");
  await terminal.shows("Password: ");
  terminal.type(`${password}x\u007f\r`);
  expect((await terminal.ended).status).toBe(0);
  expect(terminal.shown()).toContain(`${user.name}\r\n`);
  expect(terminal.shown()).not.toMatch(/canary|wrong one/);
});

test("Ctrl-C at the question cancels the run", async () => {
  const terminal = openTerminal(cli, "run", "-n", "web1", "--", "whoami");
  await terminal.shows("Password: ");
  terminal.type("\u0003");
  expect((await terminal.ended).status).toBe(130);
  expect(await said("history", "--format", "{{.outcome}}")).toContain("cancelled");
});

test("leaving the question declines it", async () => {
  const terminal = openTerminal(cli, "run", "-n", "web1", "--", "whoami");
  await terminal.shows("Password: ");
  terminal.type("\u0004");
  expect((await terminal.ended).status).toBe(255);
  expect(terminal.shown()).toContain("the question was declined");
});

test("without a terminal it fails at once, and says what to do", async () => {
  const { status, stderr } = await cli.run(["run", "--batch", "web1", "--", "whoami"]);
  expect(status).toBe(255);
  expect(stderr.toString()).toContain("hostrun hosts login web1");
});

test("hosts test asks on a terminal, too", async () => {
  const terminal = openTerminal(cli, "hosts", "test", "web1");
  await terminal.shows("Password: ");
  terminal.type(`${password}\r`);
  expect((await terminal.ended).status).toBe(0);
  expect(terminal.shown()).toContain("works");
});

test("hosts login proves what it is given, also where a connection is open, and a wrong one takes nothing away", async () => {
  const login = (secret: string, option = "--password-stdin") =>
    cli.run(["hosts", "login", "web1", option], { input: `${secret}\n` });
  expect((await login(password)).status).toBe(0);
  expect(await said("run", "web1", "whoami")).toBe(`${user.name}\n`);
  const wrong = await login("canary-WRONG");
  expect([wrong.status, wrong.stdout.toString()]).toEqual([1, ""]);
  expect(wrong.stderr.toString()).toContain("The password that was given is wrong, and not kept.");
  // One that was given by the API alone is tried at the next login, and is no loss either.
  const given = `printf '{"password":"canary-WRONG"}' | curl -sf --unix-socket ${cli.stateDirectory}/daemon.sock -H 'Content-Type: application/json' -d @- http://hostrun/api/hosts/web1/secrets`;
  await promisify(execFile)("sh", ["-c", given]);
  await said("hosts", "test", "web1", "--fresh");
  await said("hosts", "test", "web1", "--fresh");
  const unused = await login("anything", "--passphrase-stdin");
  expect([unused.status, unused.stdout.toString()]).toEqual([
    0,
    "Logged in to web1, where the passphrase was not asked for.\n",
  ]);
});

test("hosts login keeps the password until it is forgotten or the host is another one", async () => {
  const closed = async (): Promise<void> => {
    await said("config", "set", "poolIdleMs", "0");
    expect(await said("run", "web1", "--", "whoami")).toBe(`${user.name}\n`);
  };
  const { status, stderr } = await cli.run(["hosts", "login", "web1", "--password-stdin"], {
    input: `${password}\n`,
  });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  await closed();
  await said("hosts", "edit", "web1", "--tag", "other");
  await closed();
  await said("hosts", "login", "web1", "--forget");
  expect((await cli.run(["run", "--batch", "web1", "--", "whoami"])).status).toBe(255);

  const terminal = openTerminal(cli, "hosts", "login", "web1");
  await terminal.shows("Password: ");
  terminal.type(`${password}\r`);
  expect((await terminal.ended).status).toBe(0);
  await closed();
  await said("hosts", "edit", "web1", "--port", "1");
  await said("hosts", "edit", "web1", "--port", String(sshd.port));
  expect((await cli.run(["run", "--batch", "web1", "--", "whoami"])).status).toBe(255);
});

test("a wrong password from standard input is told", async () => {
  const { status, stderr } = await cli.run(["hosts", "login", "web1", "--password-stdin"], {
    input: "wrong\n",
    env: {},
  });
  expect(status).toBe(1);
  expect(stderr.toString()).toContain("It did not take the password.");
});

test("a password is in no log, database, file, environment or answer", async () => {
  const { status } = await cli.run(["hosts", "login", "web1", "--password-stdin"], {
    input: `${password}\n`,
  });
  expect(status).toBe(0);
  const terminal = openTerminal(cli, "run", "-n", "web1", "--", "sleep 0.1; env");
  expect((await terminal.ended).status).toBe(0);
  expect(terminal.shown()).not.toContain("canary");
  const pid = /"pid":\s*(\d+)/.exec(await readFile(join(cli.stateDirectory, "daemon.json"), "utf8"))?.[1];
  expect(await readlink(`/proc/${pid}/exe`)).toContain("node");
  for (const file of ["cmdline", "environ"]) {
    expect(await readFile(`/proc/${pid}/${file}`, "latin1")).not.toContain("canary");
  }
  const { readdir } = await import("node:fs/promises");
  const files = await readdir(cli.stateDirectory, { recursive: true, withFileTypes: true });
  const kept = files.filter((entry) => entry.isFile());
  expect(kept.map(({ name }) => name)).toEqual(expect.arrayContaining(["hostrun.db", "daemon.log"]));
  for (const { parentPath, name } of kept) {
    expect((await readFile(join(parentPath, name))).includes("canary"), name).toBe(false);
  }
  for (const args of [["history", "--json"], ["hosts", "--json"], ["show", "last", "--json"], ["config"]]) {
    expect((await cli.run(args)).stdout.toString()).not.toContain("canary");
  }
});
