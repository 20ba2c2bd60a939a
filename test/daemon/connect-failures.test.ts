import { createServer } from "node:http";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { NewHost } from "../../protocol/host.ts";
import type { ProblemCode } from "../../protocol/problem.ts";
import { openCounter } from "../support/counter.ts";
import { problemOf } from "../support/http.ts";
import { hostOf, knowHosts, openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { freePort, portOf } from "../support/server-process.ts";
import { openSshd } from "../support/sshd.ts";
import { createKey } from "../support/ssh-key.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

await using stack = new AsyncDisposableStack();
const daemon = stack.use(await openHostedDaemon());
const counter = stack.use(await openCounter());
const silent = stack.use(await openTcpPeer());
const old = stack.use(
  await openTcpPeer((socket) => socket.write("220 mail.example ESMTP\r\nSSH-1.5-old\r\n")),
);
const web = createServer().listen(0, "127.0.0.1");
await once(web, "listening");
stack.defer(() => void web.close());
const closing = stack.use(await openTcpPeer((socket) => socket.destroy()));
const stranger = stack.use(await openSshd());
const swapped = stack.use(await openSshd());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

await knowHosts(
  daemon.home,
  `[${swapped.address}]:${swapped.port} ${daemon.sshd.hostKeys[0]?.publicKey ?? ""}\n`,
);
const keys = join(daemon.home, "keys");
await mkdir(keys);
const unauthorized = await createKey(join(keys, "unauthorized"));
const encrypted = await createKey(join(keys, "encrypted"), "ed25519", "secret phrase");
const noKey = join(keys, "notes.txt");
await writeFile(noKey, "no key at all\n");

interface Fault {
  readonly name: string;
  readonly host: Partial<NewHost>;
  readonly code: ProblemCode;
  readonly reason?: string;
  /** What the message says beside the host's name. */
  readonly says: RegExp;
}

const nobody = await freePort();
const faults: Fault[] = [
  {
    name: "unresolved",
    host: { address: "nothing.invalid", port: 22 },
    code: "host_unreachable",
    reason: "name_not_found",
    says: /nothing\.invalid cannot be resolved/,
  },
  {
    name: "web",
    host: { port: portOf(web) },
    code: "protocol_error",
    says: /is not an SSH server/,
  },
  {
    name: "refused",
    host: { port: nobody },
    code: "host_unreachable",
    reason: "refused",
    says: new RegExp(`nothing is listening on 127\\.0\\.0\\.1:${nobody}\\.`),
  },
  {
    name: "closing",
    host: { port: closing.port },
    code: "host_unreachable",
    says: /(closed|reset) the connection/,
  },
  { name: "not-ssh-2", host: { port: old.port }, code: "protocol_error", says: /is not an SSH server/ },
  { name: "silent", host: { port: silent.port }, code: "timed_out", says: /No SSH greeting within 0\.4 s/ },
  {
    name: "wrong-key",
    host: { identityFile: unauthorized.path },
    code: "authentication_failed",
    says: /unauthorized/,
  },
  {
    name: "wrong-user",
    host: { user: "nobody-of-this-name" },
    code: "authentication_failed",
    says: /nobody-of-this-name@/,
  },
  {
    name: "encrypted-key",
    host: { identityFile: encrypted.path },
    code: "authentication_failed",
    says: /encrypted.*ssh-add|ssh-add.*encrypted|agent/,
  },
  {
    name: "missing-key",
    host: { identityFile: join(keys, "nowhere") },
    code: "identity_file_missing",
    says: /keys\/nowhere/,
  },
  {
    name: "key-is-text",
    host: { identityFile: noKey },
    code: "identity_file_unreadable",
    says: /keys\/notes\.txt/,
  },
  { name: "key-is-folder", host: { identityFile: keys }, code: "identity_file_unreadable", says: /keys/ },
  {
    name: "unknown-host-key",
    host: hostOf(stranger),
    code: "host_key_unknown",
    says: /not known yet/,
  },
  {
    name: "changed-host-key",
    host: hostOf(swapped),
    code: "host_key_changed",
    says: /On record is ssh-ed25519, SHA256:\S+ \(.*known_hosts:\d+\)\. .* run: ssh-keygen -R /,
  },
];

for (const { name, host } of faults) {
  await daemon.client.call("createHost", { body: { ...hostOf(daemon.sshd), ...host, name } });
}

/** A run on web1 that goes on until it is told to end; it counts lines meanwhile. */
const steady = new RunReading();
const steadyMessages = readMessages(
  await daemon.stream(
    '(i=0; while :; do i=$((i+1)); echo "$i"; sleep 0.05; done) & read line; kill $!; wait; exit 0',
    { stdinOpen: true },
  ),
);
await steady.until(steadyMessages, ({ type }) => type === "output");

describe.each(faults)("$name", ({ name, host, code, reason, says }) => {
  // Only who says nothing is waited for.
  const connectTimeoutMs = code === "timed_out" ? 400 : 20_000;

  test("is told in the run's stream, by its own code", async () => {
    const response = await openStream(daemon, counter.command, { host: name, connectTimeoutMs });
    expect(response.statusCode).toBe(200);
    const run = await new RunReading().follow(response);
    const types = run.events.map(({ type }) => type);
    expect(types[0]).toBe("init");
    expect(types.slice(-2)).toEqual(["error", "complete"]);
    expect(run.complete).toMatchObject({
      outcome: "failed",
      exitCode: null,
      signal: null,
      stdoutBytes: 0,
      stderrBytes: 0,
    });

    const { problem } = run;
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(says);
    expect(problem.message).toContain(name);
    const { address = daemon.sshd.address, port = daemon.sshd.port, user = daemon.sshd.user } = host;
    expect(problem.members).toMatchObject({
      host: name,
      address,
      port,
      hop: `${user ?? ""}@${address}:${port}`,
    });
    if (reason !== undefined) expect(problem.members.reason).toBe(reason);

    const stored = await daemon.client.call("getRun", { params: { run: run.id } });
    expect(stored).toMatchObject({ state: "ended", outcome: "failed", problem: { code } });
  });

  test("is the same when the host is tested", async () => {
    const failure = await problemOf(
      daemon.client.call("testHost", { params: { host: name }, body: { connectTimeoutMs } }),
    );
    expect(failure.code).toBe(code);
    expect(failure.members.host).toBe(name);
  });
});

test("a bastion that fails is named as the hop, and the host as the host", async () => {
  const bastion = { ...hostOf(daemon.sshd), name: "bastion", port: nobody };
  await daemon.client.call("createHost", { body: bastion });
  await daemon.client.call("createHost", {
    body: { ...hostOf(daemon.sshd), name: "behind", jump: ["bastion"] },
  });
  const run = await new RunReading().follow(await openStream(daemon, counter.command, { host: "behind" }));
  expect(run.complete.outcome).toBe("failed");
  expect(run.problem.code).toBe("host_unreachable");
  expect(run.problem.members).toMatchObject({
    host: "behind",
    hop: `${daemon.sshd.user}@127.0.0.1:${nobody}`,
    port: nobody,
  });
  expect(run.problem.message).toContain("bastion");
});

test("a server that goes away while it is asked for a command fails the run, not the daemon", async () => {
  await using peer = await openTcpPeer((socket) => {
    socket.write("SSH-2.0-OpenSSH_9.9\r\n");
    void once(socket, "data").then(() => socket.resetAndDestroy());
  });
  await daemon.client.call("createHost", {
    body: { ...hostOf(daemon.sshd), name: "resetting", port: peer.port },
  });
  const run = await new RunReading().follow(await openStream(daemon, "true", { host: "resetting" }));
  expect(run.complete.outcome).toBe("failed");
  expect(run.problem.code).toBe("host_unreachable");
});

test("meanwhile the daemon was the same, its other run went on, and nothing was executed", async () => {
  await daemon.client.call("runStdin", { params: { run: steady.id }, body: { data: "\n", end: true } });
  await steady.until(steadyMessages, ({ type }) => type === "complete");
  expect(steady.complete).toMatchObject({ outcome: "exited", exitCode: 0 });
  const lines = steady.text().trim().split("\n").map(Number);
  expect(lines).toEqual(lines.map((_, index) => index + 1));
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
  expect(await counter.count()).toBe(0);
  const { pool } = await daemon.client.call("stats");
  expect(pool).toMatchObject({ opened: 1, busy: 0 });
});
