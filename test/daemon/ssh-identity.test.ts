import { copyFile, rename, stat, utimes, writeFile, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { ShellMemory } from "../../daemon/transport/login-shell.ts";
import { openDirectory } from "../support/directory.ts";
import { openAgent } from "../support/ssh-agent.ts";
import { createKey, type SshKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf, type TestPool } from "../support/ssh-pool.ts";
import { openSshd, type Sshd } from "../support/sshd.ts";

const anyKey = { identityFiles: [], identitiesOnly: false };

/** A server on which each of two keys runs a command of its own, whatever is asked for. */
interface Fork extends AsyncDisposable {
  readonly sshd: Sshd;
  readonly one: SshKey;
  readonly two: SshKey;
}

async function openFork(): Promise<Fork> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const [one, two] = await Promise.all([createKey(directory.join("one")), createKey(directory.join("two"))]);
  const authorizedKeys = [`command="echo one" ${one.publicKey}`, `command="echo two" ${two.publicKey}`];
  const sshd = stack.use(await openSshd({ authorizedKeys }));
  const owned = stack.move();
  return { sshd, one, two, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function said(pool: TestPool, ...run: Parameters<TestPool["run"]>): Promise<string> {
  return (await pool.run(...run)).stdout.toString();
}

test("each agent's runs go over connections of its own", async () => {
  await using fork = await openFork();
  await using first = await openAgent();
  await using second = await openAgent();
  await first.add(fork.one);
  await second.add(fork.two);
  await using pool = await openSshPool({ trust: [fork.sshd], agentSocket: first.socket });
  const target = targetOf(fork.sshd, anyKey);
  expect(await said(pool, target, "any")).toBe("one\n");
  expect(await said(pool, target, "any", { agentSocket: second.socket })).toBe("two\n");
  expect(await said(pool, target, "any")).toBe("one\n");
  expect(await said(pool, target, "any", { agentSocket: first.socket })).toBe("one\n");
  expect(pool.pool.metrics()).toMatchObject({ opened: 2 });
});

test("after the agent was given another key, the very next run logs in with it", async () => {
  await using fork = await openFork();
  await using agent = await openAgent();
  await using pool = await openSshPool({ trust: [fork.sshd], agentSocket: agent.socket });
  const target = targetOf(fork.sshd, anyKey);
  for (const [key, answer] of [
    [fork.one, "one\n"],
    [fork.two, "two\n"],
    [fork.one, "one\n"],
  ] as const) {
    await agent.clear();
    await agent.add(key);
    expect(await said(pool, target, "any")).toBe(answer);
    expect(await said(pool, target, "any")).toBe(answer);
  }
  // What came up for the first key is still its own.
  expect(pool.pool.metrics()).toMatchObject({ opened: 2 });
  await agent.clear();
  await expect(pool.run(target, "any")).rejects.toMatchObject({ code: "authentication_failed" });
});

test("after a key file was replaced, the very next run logs in with the new key", async () => {
  await using fork = await openFork();
  await using directory = await openDirectory();
  const path = directory.join("key");
  await using pool = await openSshPool({ trust: [fork.sshd] });
  const target = targetOf(fork.sshd, { identityFiles: [path] });
  await copyFile(fork.one.path, path);
  expect(await said(pool, target, "any")).toBe("one\n");
  // Another file, as an editor and a deployment leave it.
  await copyFile(fork.two.path, `${path}.new`);
  await rename(`${path}.new`, path);
  expect(await said(pool, target, "any")).toBe("two\n");
  // The same file with other content of the same length, and the times that it had.
  const { atime, mtime, size } = await stat(path);
  const content = await readFile(fork.one.path);
  expect(content.length).toBe(size);
  await writeFile(path, content);
  await utimes(path, atime, mtime);
  expect(await said(pool, target, "any")).toBe("one\n");
  expect(pool.pool.metrics()).toMatchObject({ opened: 2 });
});

test("a bastion is logged in to with the keys that there are, too", async () => {
  await using directory = await openDirectory();
  const free = await createKey(directory.join("free"));
  const shut = await createKey(directory.join("shut"));
  const authorizedKeys = [free.publicKey, `restrict ${shut.publicKey}`];
  await using bastion = await openSshd({ address: "127.0.0.2", authorizedKeys });
  await using sshd = await openSshd();
  await using agent = await openAgent();
  await agent.add(free);
  await using pool = await openSshPool({ trust: [bastion, sshd], agentSocket: agent.socket });
  const hop = targetOf(bastion, { name: "bastion", ...anyKey });
  const target = targetOf(sshd, { jump: [hop] });
  expect(await said(pool, target, "echo in")).toBe("in\n");
  await agent.clear();
  await agent.add(shut);
  await expect(pool.run(target, "echo in")).rejects.toMatchObject({
    code: "host_unreachable",
    members: { reason: "forwarding_refused" },
  });
});

test("hosts that are logged in to alike share a connection, whatever they are called", async () => {
  await using sshd = await openSshd();
  await using agent = await openAgent();
  await agent.add(sshd.clientKey);
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  await pool.run(targetOf(sshd, { name: "web1", ...anyKey }), "true");
  expect((await pool.run(targetOf(sshd, { name: "web2", ...anyKey }), "true")).process.reused).toBe(true);
});

test("what runs a login's commands is remembered of each key by itself", async () => {
  await using fork = await openFork();
  await using agent = await openAgent();
  const known = new Map<string, string>();
  const shells: ShellMemory = {
    get: () => undefined,
    set: (login, shell) => known.set(login, shell),
    forget: () => undefined,
  };
  await using pool = await openSshPool({ trust: [fork.sshd], shells, agentSocket: agent.socket });
  const target = targetOf(fork.sshd, anyKey);
  await agent.add(fork.sshd.clientKey);
  await pool.run(target, "true");
  await agent.clear();
  await agent.add(fork.one);
  expect(await said(pool, target, "any")).toBe("one\n");
  const { user, address, port, clientKey } = fork.sshd;
  expect([...known]).toEqual([[JSON.stringify([[user, address, port, clientKey.fingerprint]]), "bourne"]]);
});
