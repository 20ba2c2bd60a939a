import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, symlink, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { listAgentKeys } from "../../daemon/ssh/auth/agent-client.ts";
import { agentMessage, agentRefusal, FakeAgent, signatureMessage } from "../support/fake-agent.ts";
import { openDirectory } from "../support/directory.ts";
import { containing } from "../support/matching.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";

const stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
const held = await createKey(directory.join("held"));
const sshd = stack.use(await openSshd({ authorizedKeys: [held.publicKey] }));
afterAll(() => stack.disposeAsync());

const anyKey = targetOf(sshd, { identityFiles: [], identitiesOnly: false });
/** Whose file logs in when the agent's key does not. */
const withFile = targetOf(sshd, { identitiesOnly: false });

async function descriptors(): Promise<number> {
  return (await readdir("/proc/self/fd")).length;
}

const junk: Record<string, (connection: Socket) => void> = {
  "that it refuses": (connection) => connection.write(agentRefusal),
  "that is empty": (connection) => connection.write(agentMessage(14, "")),
  "that is of no form": (connection) => connection.write(agentMessage(14, randomBytes(40))),
  "that says to be longer than it is": (connection) => connection.write(agentMessage(14, 65_535)),
  "of another algorithm": (connection) => connection.write(signatureMessage("ssh-rsa", randomBytes(64))),
  "of random bytes": (connection) => connection.write(signatureMessage("ssh-ed25519", randomBytes(64))),
  "of the wrong length": (connection) => connection.write(signatureMessage("ssh-ed25519", randomBytes(9))),
  "in another kind of message": (connection) => connection.write(agentMessage(12, 0)),
  "without a kind": (connection) => connection.write(Buffer.alloc(4)),
  "larger than any": (connection) => connection.write(Buffer.from("7fffffff0e", "hex")),
  "that it hangs up on": (connection) => connection.destroy(),
  "of which it sends a half": (connection) =>
    connection.end(signatureMessage("ssh-ed25519", randomBytes(64)).subarray(0, 30)),
};

test.each(Object.entries(junk))("after a signature %s the next key is tried at once", async (_, onSign) => {
  await using agent = await FakeAgent.open([held]);
  agent.onSign = onSign;
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  expect((await pool.run(withFile, "echo in")).stdout.toString()).toBe("in\n");
  await expect(pool.run(anyKey, "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: containing(`Signing failed with the agent's key fake (${held.fingerprint}): `),
  });
  expect(agent.asked.sign).toBe(2);
  await agent.left();
});

test("an agent that lists its keys and does not sign costs no more than the time to connect", async () => {
  await using agent = await FakeAgent.open([held]);
  agent.onSign = () => undefined;
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  await expect(pool.run(anyKey, "true", { connectTimeoutMs: 5000 })).rejects.toMatchObject({
    code: "timed_out",
    message: containing("waiting for the SSH agent to sign"),
  });
  await agent.left();
});

test("a silent agent is passed over, keeps no descriptor, and is believed again when it answers", async () => {
  await using agent = await FakeAgent.open([held]);
  const good = agent.onList;
  agent.onList = () => undefined;
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  await pool.run(withFile, "true");
  await agent.left();
  const before = await descriptors();
  for (let run = 0; run < 2; run += 1) {
    expect((await pool.run(withFile, "true")).process.reused).toBe(true);
    await agent.left();
  }
  expect(await descriptors()).toBe(before);
  await expect(pool.run(anyKey, "true")).rejects.toMatchObject({
    message: containing(`The SSH agent at ${agent.socket} cannot be used: the agent d`),
  });
  await agent.left();
  agent.onList = good;
  const again = async (): Promise<string> => (await pool.run(anyKey, "echo in")).stdout.toString();
  await expect.poll(() => again().catch(() => "refused"), { timeout: 10_000 }).toBe("in\n");
});

test("of an agent that sends without end little is taken", async () => {
  await using agent = await FakeAgent.open([held]);
  const chunk = Buffer.alloc(64 * 1024);
  let sent = 0;
  const pour = (connection: Socket): void => {
    const count = (failure?: Error | null): void => {
      sent += failure === undefined || failure === null ? chunk.length : 0;
    };
    while (!connection.destroyed) {
      if (connection.write(chunk, count)) continue;
      connection.once("drain", () => pour(connection));
      return;
    }
  };
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  // 64 MiB are announced, and 200,000 keys in 200 KiB, and nothing.
  for (const head of ["040000000c", "000320000c00030d40", "000000000c"]) {
    agent.onList = (connection) => {
      connection.write(Buffer.from(head, "hex"));
      pour(connection);
    };
    expect((await pool.run(withFile, "true")).end).toMatchObject({ code: 0 });
    await expect(pool.run(anyKey, "true")).rejects.toMatchObject({
      message: containing(`The SSH agent at ${agent.socket} cannot be used: the agent`),
    });
    await agent.left();
  }
  // Of six answers; what is on its way in the kernel counts, too.
  expect(sent).toBeLessThan(6 * 1024 * 1024);
});

test.each([
  ["hangs up", (connection: Socket) => connection.destroy()],
  ["hangs up in the middle", (connection: Socket) => connection.end(Buffer.from("000000ff0c", "hex"))],
  ["refuses", (connection: Socket) => connection.write(agentRefusal)],
  ["answers something else", (connection: Socket) => connection.write(agentMessage(6))],
  ["says nothing of its keys", (connection: Socket) => connection.write(agentMessage(12))],
  [
    "has fewer keys than it says",
    (connection: Socket) => connection.write(Buffer.from("000000050c00000001", "hex")),
  ],
])("an agent that %s is passed over at once", async (_, onList) => {
  await using agent = await FakeAgent.open([held]);
  agent.onList = onList;
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  expect((await pool.run(withFile, "true")).end).toMatchObject({ code: 0 });
  await expect(pool.run(anyKey, "true")).rejects.toMatchObject({
    code: "authentication_failed",
    message: containing(`The SSH agent at ${agent.socket} cannot be used: the agent`),
  });
  await agent.left();
});

test("a path that is no agent's is passed over at once, and told", async () => {
  const file = directory.join("file");
  await writeFile(file, "");
  const fifo = directory.join("fifo");
  await promisify(execFile)("mkfifo", [fifo]);
  const { socket: dead } = await FakeAgent.open([]).then(async (agent) => {
    await agent[Symbol.asyncDispose]();
    return agent;
  });
  const long = directory.join("x".repeat(120));
  await using pool = await openSshPool({ trust: [sshd] });
  for (const agentSocket of [file, fifo, directory.path, dead, long]) {
    expect((await pool.run(withFile, "true", { agentSocket })).end).toMatchObject({ code: 0 });
    await expect(pool.run(anyKey, "true", { agentSocket })).rejects.toMatchObject({
      code: "authentication_failed",
      message: containing(`The SSH agent at ${agentSocket} cannot be used: `),
    });
  }
});

test("a path that is longer than a socket's names no other agent", async () => {
  const others = await createKey(directory.join("others"));
  const prefix = directory.join("y".repeat(108 - directory.path.length - 1));
  await using right = await FakeAgent.open([held]);
  await using wrong = await FakeAgent.open([others], { path: prefix });
  await symlink(right.socket, `${prefix}z`);
  await using pool = await openSshPool({ trust: [sshd], agentSocket: `${prefix}z` });
  await expect(pool.run(anyKey, "true")).rejects.toMatchObject({
    message: containing("its path is too long"),
  });
  expect(wrong.asked.list).toBe(0);
});

test("runs that come at once ask an agent twice at most", async () => {
  await using agent = await FakeAgent.open([held]);
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  await pool.run(anyKey, "true");
  agent.asked.list = 0;
  const runs = await Promise.all(Array.from({ length: 20 }, () => pool.run(anyKey, "true")));
  expect(runs.every(({ end }) => end.kind === "exited")).toBe(true);
  expect(agent.asked.list).toBeLessThanOrEqual(2);
});

test("an agent that can add nothing is not asked", async () => {
  await using agent = await FakeAgent.open([held]);
  await using pool = await openSshPool({ trust: [sshd], agentSocket: agent.socket });
  expect((await pool.run(targetOf(sshd), "true")).end).toMatchObject({ code: 0 });
  expect(agent.asked).toEqual({ list: 0, sign: 0 });
});

test("an agent that more ask at once than it lets in answers all of them", async () => {
  await using agent = await FakeAgent.open([held], { backlog: 1 });
  const lists = await Promise.all(Array.from({ length: 50 }, () => listAgentKeys(agent.socket)));
  expect(lists.every((keys) => keys.length === 1)).toBe(true);
});
