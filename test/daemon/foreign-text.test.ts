import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Run } from "../../protocol/run.ts";
import { openCli } from "../support/cli.ts";
import { channelId, message, plainPacket, sendPacket } from "../support/hostile-wire.ts";
import { openAgent } from "../support/ssh-agent.ts";
import type { SshKey } from "../support/ssh-key.ts";
import { openSsh2Server, type Ssh2ServerOptions } from "../support/ssh2-server.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

/** What a server, an agent or a host may say to a person who reads a message. */
const hostile = [
  "\u001b[2J\u001b]0;title\u0007\u009b31m\u0085bye",
  "hostrun: forged",
  ...Array.from({ length: 600 }, (_, index) => `line ${index} \u202e\u2066\u200b\u061c\u2028\u2029`),
].join("\r\n");

/** What of it would move a cursor, end a line, or hide or reorder what follows. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const cli = await openCli();
afterAll(() => cli[Symbol.asyncDispose]());
await cli.run(["start"], { env: { HOSTRUN_LOG_LEVEL: "debug" } });

let hosts = 0;

/** Everything that a person or a program is told of a run on this server. */
async function toldOf(
  server: { address: string; port: number },
  { env = {}, key }: { env?: NodeJS.ProcessEnv; key?: SshKey } = {},
) {
  const identity = key === undefined ? [] : ["--identity-file", key.path];
  const name = `host-${(hosts += 1)}`;
  const added = [
    "hosts",
    "add",
    name,
    `${server.address}:${server.port}`,
    ...identity,
    "--host-key-policy",
    "acceptNew",
  ];
  expect((await cli.run(added)).status).toBe(0);
  const { status, stdout, stderr } = await cli.run(["run", "-v", name, "--", "true"], { env });
  const shown = await cli.run(["show", "last"]);
  const { stdout: json } = await cli.run(["show", "last", "--json"]);
  const { stdout: list } = await cli.run(["history"]);
  const { stdout: logged } = await cli.run(["logs", "-n", "1000"]);
  const log = await readFile(join(cli.stateDirectory, "daemon.log"), "utf8");
  const run = Run.parse(JSON.parse(json.toString()));
  const texts = { stdout, stderr, shown: shown.stdout, shownToo: shown.stderr, json, list, logged, log };
  for (const [what, text] of Object.entries(texts)) {
    for (const line of text.toString().split("\n")) {
      expect(line, what).not.toMatch(unseen);
      expect(line, what).not.toMatch(/^(?:hostrun: )?forged|^hostrun: forged|^line \d/);
    }
  }
  const problemLines = stderr
    .toString()
    .split("\n")
    .filter((line) => line.includes("bye"));
  return { status, run, problemLines, stderr: stderr.toString() };
}

function expectOneLine({ status, run, problemLines }: Awaited<ReturnType<typeof toldOf>>): void {
  expect(status).toBe(255);
  expect(problemLines).toHaveLength(1);
  expect(problemLines[0]).toMatch(/^hostrun: host-\d+ /);
  const detail = run.problem?.detail ?? "";
  expect(problemLines[0]).toBe(`hostrun: ${detail}`);
  expect(detail).toContain(String.raw`\e[2J\e]0;title\x07\x9b31m\x85bye\r\nhostrun: forged`);
  expect(detail).toContain("…");
  expect(detail.length).toBeLessThan(800);
}

function openRefusing(options: Ssh2ServerOptions) {
  return openSsh2Server({ exec: (channel) => channel.exit(0), ...options });
}

test("a server's reason to end the login is one line of 200 characters wherever it is shown", async () => {
  await using server = await openRefusing({
    authentication: (_, connection) => {
      sendPacket(connection, message(4, true, hostile, ""));
      sendPacket(connection, message(1, 2, hostile, ""));
    },
  });
  const told = await toldOf(server, { key: server.clientKey });
  expectOneLine(told);
  expect(told.run.problem).toMatchObject({ code: "authentication_failed", reason: "too_many_attempts" });
});

test("a banner is bounded, and looks like no line of Hostrun's own", async () => {
  await using server = await openRefusing({
    authentication: (context, connection) => {
      for (const _ of [1, 2, 3]) sendPacket(connection, message(53, hostile, ""));
      context.reject(["publickey"]);
    },
  });
  const add = ["hosts", "add", "loud", `${server.address}:${server.port}`, "--host-key-policy", "acceptNew"];
  await cli.run([...add, "--identity-file", server.clientKey.path]);
  const { status, stderr } = await cli.run(["run", "loud", "true"]);
  const lines = stderr.toString().trimEnd().split("\n");
  expect(status).toBe(255);
  for (const line of lines) expect(line).not.toMatch(unseen);
  expect(lines[0]).toBe(String.raw`\e[2J\e]0;title\x07\x9b31m\x85bye`);
  expect(lines[1]).toBe("| hostrun: forged");
  expect(lines.filter((line) => line.startsWith("hostrun:"))).toEqual([expect.stringContaining("loud (")]);
  expect(stderr.length).toBeLessThan(20_000);
});

test("so is its reason to end the key exchange, and a name of its own choice", async () => {
  await using peer = await openTcpPeer((socket) => {
    socket.write("SSH-2.0-Bad\u001b[31m_\u009b1.0 \u0085\r\n");
    socket.once("data", () => socket.write(plainPacket(message(1, 2, hostile, ""))));
    socket.resume();
  });
  const told = await toldOf(peer);
  expectOneLine(told);
  expect(told.run.problem?.code).toBe("protocol_error");
});

test("so is the comment of a key that an agent holds, and its own path", async () => {
  await using agent = await openAgent();
  await agent.addUnder(hostile);
  await using server = await openRefusing({ authentication: (context) => context.reject(["publickey"]) });
  const told = await toldOf(server, { env: { SSH_AUTH_SOCK: agent.socket } });
  expect(told.status).toBe(255);
  const detail = told.run.problem?.detail ?? "";
  expect(detail).toContain(String.raw`the agent's key \e[2J\e]0;title\x07\x9b31m\x85bye\r\nhostrun`);
  expect(told.stderr.split("\n").filter((line) => line.includes("bye"))).toEqual([`hostrun: ${detail}`]);
  expect(detail.length).toBeLessThan(800);
  const nowhere = await toldOf(server, { env: { SSH_AUTH_SOCK: `/no/${hostile}`.slice(0, 900) } });
  expect(nowhere.run.problem?.detail).toContain(String.raw`The SSH agent at /no/\e[2J`);
});

test("so is the signal that a server says a command died of", async () => {
  await using server = await openRefusing({
    exec: (channel, _, connection) => {
      const signal = message(98, channelId(channel), "exit-signal", false, hostile, false, hostile, "");
      sendPacket(connection, signal);
      channel.close();
    },
  });
  const { run } = await toldOf(server, { key: server.clientKey });
  expect(run.outcome).toBe("signaled");
  expect(run.signal).toMatch(/^\\e\[2J\\e\]0;title.*…$/);
  expect(run.signal?.length).toBeLessThanOrEqual(200);
});
