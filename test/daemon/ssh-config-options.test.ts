import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { knowHosts, openStream } from "../support/hosted-daemon.ts";
import { RunReading } from "../support/run-stream.ts";
import { openSshd } from "../support/sshd.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

await using stack = new AsyncDisposableStack();
const environment = { SENT_ONE: "one", SENT_TWO: "two", KEPT: "kept" };
const daemon = stack.use(await openTestDaemon({ environment }));
const sshd = stack.use(await openSshd({ options: { AcceptEnv: "SENT_* SET_*" } }));
const silent = stack.use(await openTcpPeer((socket) => socket.resume()));
const [hostKey] = sshd.hostKeys;
if (hostKey === undefined) throw new Error("sshd has no host key");
const owned = stack.move();
afterAll(() => owned.disposeAsync());
await knowHosts(daemon.home, sshd.knownHosts);
await mkdir(join(daemon.home, ".ssh"), { recursive: true });

async function runOn(lines: readonly string[], command: string, more = {}): Promise<RunReading> {
  const common = [
    `HostName ${sshd.address}`,
    `Port ${sshd.port}`,
    `User ${sshd.user}`,
    `IdentityFile ${sshd.clientKey.path}`,
  ];
  const text = ["Host web", ...lines, ...common].join("\n  ");
  await writeFile(join(daemon.home, ".ssh/config"), `${text}\n`);
  return new RunReading().follow(await openStream(daemon, command, { host: "web", ...more }));
}

test("variables of SendEnv and SetEnv are sent, and a run's own go before them", async () => {
  const lines = ['SetEnv SET_ONE="a b" SET_TWO=x REFUSED=y', "SendEnv SENT_*"];
  const command = 'echo "$SENT_ONE,$SENT_TWO,$SET_ONE,$SET_TWO,$KEPT,$REFUSED"';
  expect((await runOn(lines, command)).text()).toBe("one,two,a b,x,,\n");
  const own = await runOn(lines, command, { env: { SET_TWO: "own" } });
  expect(own.text()).toBe("one,two,a b,own,,\n");
});

test("RequestTTY force gives a run a terminal, and yes does not, since a run has none here", async () => {
  expect((await runOn(["RequestTTY force"], "tty >/dev/null && echo yes || echo no")).text()).toBe("yes\r\n");
  expect((await runOn(["RequestTTY yes"], "tty >/dev/null && echo yes || echo no")).text()).toBe("no\n");
});

test("BindAddress is where a connection comes from", async () => {
  const run = await runOn(["BindAddress 127.0.0.9"], 'echo "$SSH_CONNECTION"');
  expect(run.text()).toMatch(/^127\.0\.0\.9 /);
});

test("AddressFamily keeps the addresses of the other family out", async () => {
  const { problem } = await runOn(["AddressFamily inet6"], "true");
  expect(problem).toMatchObject({ code: "host_unreachable" });
  expect((await runOn(["AddressFamily inet"], "echo in")).text()).toBe("in\n");
});

test("ConnectTimeout is the time to connect where a run names none", async () => {
  const { problem } = await runOn(["ConnectTimeout 1", `Port ${silent.port}`], "true");
  expect(problem).toMatchObject({ code: "timed_out" });
  expect(problem.message).toContain("within 1 s");
});

test("a key size that is required of RSA is that of the SSH config", async () => {
  await using rsa = await openSshd({ hostKeys: ["rsa"] });
  await knowHosts(daemon.home, rsa.knownHosts);
  const { problem } = await runOn(["RequiredRSASize 8192", `Port ${rsa.port}`], "true");
  expect(problem.message).toContain("at least 8192");
});

test("with UserKnownHostsFile /dev/null an unknown key counts for one connection, as CI and virtual machines have it", async () => {
  await using unknown = await openSshd();
  for (const policy of ["no", "accept-new"]) {
    const lines = [`StrictHostKeyChecking ${policy}`, "UserKnownHostsFile /dev/null", `Port ${unknown.port}`];
    const key = `IdentityFile ${unknown.clientKey.path}`;
    expect((await runOn([...lines, key], "echo in")).text()).toBe("in\n");
  }
  const none = ["StrictHostKeyChecking no", "UserKnownHostsFile none", `Port ${unknown.port}`];
  for (const { id, port } of (await daemon.client.call("listConnections")).items)
    if (port === unknown.port) await daemon.client.call("closeConnection", { params: { connection: id } });
  expect((await runOn(none, "echo in")).problem).toMatchObject({ code: "host_key_unknown" });
});

test.each(["ssh2", "openssh"] as const)(
  "over %s a KnownHostsCommand is given the arguments that ssh gives it",
  async (transport) => {
    const command = join(daemon.home, "known.sh");
    const seen = join(daemon.home, `seen-${transport}`);
    await writeFile(command, `#!/bin/sh\nprintf '%s\\n' "$@" > ${seen}\necho "$1 ${hostKey.publicKey}"\n`);
    await chmod(command, 0o755);
    const template = `KnownHostsCommand ${command} %H %n %h:%p %r %k %C %u %i %l %L %% "a b" \${SENT_ONE}`;
    const lines = [template, "UserKnownHostsFile /dev/null", "StrictHostKeyChecking yes"];
    const body = { name: "web", address: sshd.address, port: sshd.port, transport };
    await daemon.client.call("createHost", { body });
    try {
      expect((await runOn(lines, "echo in")).text()).toBe("in\n");
    } finally {
      await daemon.client.call("deleteHost", { params: { host: "web" } });
    }
    const ours = await readFile(seen, "utf8");
    const config = join(daemon.home, ".ssh/config");
    const options = ["-F", config, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"];
    await promisify(execFile)("ssh", [...options, "web", "true"], {
      env: { ...process.env, ...environment },
    });
    expect(ours).toBe(await readFile(seen, "utf8"));
    expect(ours).toContain("\nweb\n");
  },
);
