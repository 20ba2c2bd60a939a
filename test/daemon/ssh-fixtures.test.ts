import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openCounter } from "../support/counter.ts";
import { openDirectory } from "../support/directory.ts";
import { openDropbear, openTinysshd } from "../support/other-servers.ts";
import { freePort } from "../support/server-process.ts";
import { openAgent } from "../support/ssh-agent.ts";
import { createKey, type SshKey } from "../support/ssh-key.ts";
import { openSshd } from "../support/sshd.ts";
import { openUnixUser } from "../support/unix-user.ts";

const run = promisify(execFile);

/** The real `ssh` as the judge of the fixtures. */
async function ssh(
  server: { address: string; port: number; user: string; clientKey?: SshKey },
  command: string,
  env: Record<string, string> = {},
): Promise<string> {
  const identity = server.clientKey === undefined ? [] : ["-i", server.clientKey.path];
  const quiet = [
    "-F",
    "none",
    "-oBatchMode=yes",
    "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null",
  ];
  const where = ["-p", String(server.port), `${server.user}@${server.address}`];
  const { stdout } = await run("ssh", [...quiet, ...identity, ...where, command], {
    env: { ...process.env, SSH_AUTH_SOCK: "", ...env },
  });
  return stdout.trim();
}

test("a port that a test was given is no other test's while it lives, nor given again", async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, () => freePort()));
  expect(new Set(ports).size).toBe(200);
  const other = `require("node:net").createServer().listen("\\0hostrun-test-port-${ports[0]}")`;
  await expect(run(process.execPath, ["-e", other])).rejects.toThrow("EADDRINUSE");
});

test("sshd takes its client key, for root and for an ordinary user", async () => {
  await using sshd = await openSshd({ options: { MaxSessions: 3 } });
  await using user = await openUnixUser();
  await using counter = await openCounter();
  expect(await ssh(sshd, "whoami")).toBe(sshd.user);
  expect(await ssh({ ...sshd, user: user.name }, `${counter.command}; whoami`)).toBe(user.name);
  expect(await counter.count()).toBe(1);
});

test("an encrypted key works through the agent", async () => {
  await using directory = await openDirectory();
  const key = await createKey(directory.join("key"), "rsa", "open sesame");
  await using sshd = await openSshd({ authorizedKeys: [key.publicKey] });
  await using agent = await openAgent();
  await agent.add(key, "open sesame");
  const withoutKey = { address: sshd.address, port: sshd.port, user: sshd.user };
  expect(await ssh(withoutKey, "echo in", { SSH_AUTH_SOCK: agent.socket })).toBe("in");
});

test("dropbear and tinysshd run commands", async () => {
  await using dropbear = await openDropbear();
  expect(await ssh(dropbear, "whoami")).toBe(dropbear.user);
  await using tinysshd = await openTinysshd();
  expect(await ssh(tinysshd, "whoami")).toBe(tinysshd.user);
});
