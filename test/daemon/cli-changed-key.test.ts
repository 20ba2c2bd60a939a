import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { finish, openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshd } from "../support/sshd.ts";

test("on a terminal a changed key stops everything, with both keys and the command that replaces the old one", async () => {
  await using directory = await openDirectory();
  const old = await createKey(directory.join("old"));
  await using sshd = await openSshd({ options: { PasswordAuthentication: "yes" } });
  await using cli = await openCli(sshd);
  const file = join(cli.home, ".ssh/known_hosts");
  await writeFile(file, `[127.0.0.1]:${sshd.port} ${old.publicKey}\n`);
  const terminal = cli.startOnTerminal(["run", "-n", "web1", "--", "echo it ran"]);
  const told: string[] = [];
  terminal.stdout.on("data", (chunk: Buffer) => told.push(String(chunk)));
  // Whatever is typed ahead is no answer: nothing is asked.
  terminal.stdin.write("yes\ncanary password\n");
  expect((await finish(terminal)).status).toBe(255);
  const screen = told.join("").replaceAll("\r", "");
  expect(screen).not.toContain("[yes/no");
  expect(screen).not.toMatch(/^it ran$/m);
  const command = `ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${file}`;
  expect(screen).toContain(`on record: ssh-ed25519 ${old.fingerprint}  ${file}:1\n`);
  expect(screen).toContain(`now:       ssh-ed25519 ${sshd.hostKeys[0]?.fingerprint}\n`);
  expect(screen).toContain(`to remove: ${command}\n`);
  // Each once.
  for (const text of [old.fingerprint, sshd.hostKeys[0]?.fingerprint ?? "", command]) {
    expect(screen.split(text)).toHaveLength(2);
  }
  expect(sshd.log()).not.toMatch(/Accepted|Postponed|Failed password|userauth-request/);

  await promisify(execFile)("sh", ["-c", command]);
  await cli.run(["hosts", "edit", "web1", "--host-key-policy", "acceptNew"]);
  const again = await cli.run(["run", "web1", "--", "echo it ran"]);
  expect([again.status, again.stdout.toString()]).toEqual([0, "it ran\n"]);
});
