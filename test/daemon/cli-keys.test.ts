import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { finish, openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { containing } from "../support/matching.ts";
import { openSshd } from "../support/sshd.ts";

test("a key is made, listed and installed from the command line", async () => {
  await using home = await openDirectory();
  await using sshd = await openSshd({ options: { SetEnv: `HOME=${home.path} SHLVL=1` } });
  await using cli = await openCli(sshd);
  const making = ["keys", "make", "work", "--comment", "for work", "--passphrase-stdin"];
  const made = await cli.run(making, { input: "a passphrase\nmore\n" });
  expect([made.status, made.stderr.toString()]).toEqual([0, ""]);
  const publicKey = (await readFile(join(cli.home, ".ssh/work.pub"), "utf8")).trim();
  expect(made.stdout.toString().split("\n")[1]).toBe(publicKey);

  const listed = await cli.run(["keys"]);
  expect(listed.stdout.toString()).toMatch(
    /^ssh-ed25519 256 .*\.ssh\/work +passphrase +SHA256:\S+ +for work$/m,
  );
  for (const [name, said] of [
    ["work", "can log in as"],
    [join(cli.home, ".ssh/work.pub"), "was there already"],
    ["for work", "was there already"],
  ] as const) {
    const installed = await cli.run(["keys", "install", name, "web1"]);
    expect([installed.status, installed.stderr.toString()]).toEqual([0, ""]);
    expect(installed.stdout.toString()).toContain(said);
  }
  const authorized = await readFile(home.join(".ssh/authorized_keys"), "utf8");
  expect(authorized).toBe(`${publicKey.replace("for work", "for_work")}\n`);

  const again = await cli.run(["keys", "make", "work", "--no-passphrase"]);
  expect([again.status, again.stderr.toString()]).toEqual([1, containing("is there already")]);
  const unknown = await cli.run(["keys", "install", "nothing", "web1"]);
  expect([unknown.status, unknown.stderr.toString()]).toEqual([2, containing("hostrun keys")]);
});

test("on a terminal the passphrase is asked for without an echo, until it was typed twice alike", async () => {
  await using cli = await openCli();
  const terminal = cli.startOnTerminal(["keys", "make", "asked"]);
  const told: string[] = [];
  terminal.stdout.on("data", (chunk: Buffer) => told.push(String(chunk)));
  const ended = finish(terminal);
  const typed = [
    ["Passphrase (empty for none): ", "first one"],
    ["The same once more: ", "another"],
    ["They differ. Passphrase (empty for none): ", "canary word"],
    ["The same once more: ", "canary word"],
  ] as const;
  let seen = 0;
  for (const [question, answer] of typed) {
    await expect
      .poll(() => told.join("").indexOf(question, seen), { timeout: 20_000 })
      .toBeGreaterThanOrEqual(0);
    seen = told.join("").length;
    terminal.stdin.write(`${answer}\r`);
  }
  expect((await ended).status).toBe(0);
  expect(told.join("")).not.toContain("canary");
  const opened = await promisify(execFile)("ssh-keygen", [
    "-y",
    "-P",
    "canary word",
    "-f",
    join(cli.home, ".ssh/asked"),
  ]);
  expect(opened.stdout).toContain("ssh-ed25519");
});
