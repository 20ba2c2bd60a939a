import { execFile } from "node:child_process";
import { appendFile, chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { describeKey } from "../../daemon/ssh/host-keys/host-key.ts";
import { plainHopSettings } from "../../daemon/transport/hop-settings.ts";
import type { Target } from "../../daemon/transport/remote.ts";
import { openCounter } from "../support/counter.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { containing, matching } from "../support/matching.ts";
import { RunReading } from "../support/run-stream.ts";
import { endProcesses } from "../support/server-process.ts";
import { openAgent } from "../support/ssh-agent.ts";
import { createKey, type SshKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { generateHostKey, type HostKey, openSsh2Server, swapHostKey } from "../support/ssh2-server.ts";
import { openSshd } from "../support/sshd.ts";

const run = promisify(execFile);

/** As `targetOf`, over the system's ssh. */
function overOpenSsh(sshd: Parameters<typeof targetOf>[0], changes: Partial<Target> = {}): Target {
  const settings = { ...plainHopSettings, ...changes.settings, transport: "openssh" as const };
  return targetOf(sshd, { ...changes, settings });
}

function fingerprintOf({ publicKey }: HostKey): string {
  return describeKey(Buffer.from(publicKey.split(" ")[1] ?? "", "base64")).fingerprint;
}

/** Signs a key of a user or, with `host`, of a host; the certificate is beside the key. */
async function sign(ca: SshKey, key: SshKey, names: string, host = false): Promise<string> {
  const kind = host ? ["-h"] : [];
  await run("ssh-keygen", ["-q", "-s", ca.path, "-I", "test", ...kind, "-n", names, `${key.path}.pub`]);
  return `${key.path}-cert.pub`;
}

/** The pids of processes whose arguments hold `text`. */
async function processesWith(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (line.startsWith("ssh\0") && line.includes(text)) found.push(Number(name));
  }
  return found;
}

test("a server with post-quantum key exchange only is reached, and how is told of the connection", async () => {
  await using sshd = await openSshd({ options: { KexAlgorithms: "sntrup761x25519-sha512@openssh.com" } });
  await using pool = await openSshPool({ trust: [sshd] });
  const first = await pool.run(overOpenSsh(sshd), "echo in; exit 255");
  expect([first.stdout.toString(), first.end]).toEqual(["in\n", { kind: "exited", code: 255 }]);
  expect(first.process.connection).toMatchObject({
    transport: "openssh",
    transportReason: "it is set to do so",
    server: matching(/^OpenSSH_/),
    cipher: "aes128-gcm@openssh.com",
    hostKeyType: "ssh-ed25519",
  });
  expect((await pool.run(overOpenSsh(sshd), "true")).process.reused).toBe(true);
});

test("a user's certificate logs in", async () => {
  await using directory = await openDirectory({ readable: true });
  const ca = await createKey(directory.join("ca"));
  const key = await createKey(directory.join("user"));
  await using sshd = await openSshd({ options: { TrustedUserCAKeys: `${ca.path}.pub` } });
  const certificate = await sign(ca, key, sshd.user);
  await using pool = await openSshPool({ trust: [sshd] });
  const settings = {
    ...plainHopSettings,
    login: { ...plainHopSettings.login, certificateFiles: [certificate] },
  };
  const target = overOpenSsh(sshd, { identityFiles: [key.path], settings });
  expect((await pool.run(target, "echo in")).stdout.toString()).toBe("in\n");
  expect(sshd.log()).toMatch(/Accepted publickey .*-CERT /);
});

/** Settings by which the transport chooses itself. */
const auto = { ...plainHopSettings, transport: "auto" as const };

test("a server with post-quantum key exchange only is reached by itself, and at once the next time", async () => {
  await using sshd = await openSshd({ options: { KexAlgorithms: "sntrup761x25519-sha512@openssh.com" } });
  await using pool = await openSshPool({ trust: [sshd] });
  const target = targetOf(sshd, { settings: auto });
  const reason = "ssh2 and it have no algorithm in common";
  const first = await pool.run(target, "true");
  expect(first.process.connection).toMatchObject({ transport: "openssh", transportReason: reason });
  pool.pool.close(first.process.connection.id);
  expect((await pool.run(target, "true")).process.connection).toMatchObject({ transportReason: reason });
  expect(sshd.log().match(/no matching key exchange method/g)?.length).toBe(1);
});

test("what ssh2 can do is done by it, and what neither can is told by it", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const plain = await pool.run(targetOf(sshd, { settings: auto }), "true");
  expect(plain.process.connection).toMatchObject({ transport: "ssh2", transportReason: null });
  await using old = await openSshd({ options: { KexAlgorithms: "diffie-hellman-group14-sha1" } });
  await using second = await openSshPool({ trust: [old] });
  await expect(second.run(targetOf(old, { settings: auto }), "true")).rejects.toMatchObject({
    code: "protocol_error",
    message: containing("Hostrun takes no SHA-1"),
  });
});

test("a certificate beside a key, and one in the agent, is seen and used", async () => {
  await using directory = await openDirectory({ readable: true });
  const ca = await createKey(directory.join("ca"));
  const key = await createKey(directory.join("user"));
  await using sshd = await openSshd({ options: { TrustedUserCAKeys: `${ca.path}.pub` } });
  await using pool = await openSshPool({ trust: [sshd], home: directory.path });
  const target = targetOf(sshd, { identityFiles: [key.path], settings: auto });
  await expect(pool.run(target, "true")).rejects.toMatchObject({ code: "authentication_failed" });
  await sign(ca, key, sshd.user);
  const beside = await pool.run(target, "echo in");
  const expected = { transport: "openssh", transportReason: "it uses a certificate" };
  expect([beside.stdout.toString(), beside.process.connection]).toEqual([
    "in\n",
    expect.objectContaining(expected),
  ]);
  await using agent = await openAgent();
  await agent.add(key);
  const plain = targetOf(sshd, { identityFiles: [], identitiesOnly: false, settings: auto });
  const held = await pool.run(plain, "echo in", { agentSocket: agent.socket });
  expect([held.stdout.toString(), held.process.connection]).toEqual([
    "in\n",
    expect.objectContaining(expected),
  ]);
});

test("a host's certificate is trusted by its authority alone, and refused without", async () => {
  await using directory = await openDirectory({ readable: true });
  const ca = await createKey(directory.join("ca"));
  const hostKey = await createKey(directory.join("host"));
  const certificate = await sign(ca, hostKey, "127.0.0.1", true);
  await using sshd = await openSshd({ hostKeys: [hostKey], options: { HostCertificate: certificate } });
  const authority = { knownHosts: `@cert-authority [127.0.0.1]:${sshd.port} ${ca.publicKey}\n` };
  await using trusting = await openSshPool({ trust: [authority] });
  const chosen = await trusting.run(targetOf(sshd, { settings: auto }), "true");
  expect(chosen.process.connection.transportReason).toBe(
    "its host key may be signed by an authority in known_hosts",
  );
  const seen = await trusting.run(overOpenSsh(sshd), "true");
  expect(seen.process.connection.hostKeyType).toBe("ssh-ed25519-cert-v01@openssh.com");
  const other = await createKey(directory.join("other"));
  const stranger = { knownHosts: `@cert-authority [127.0.0.1]:${sshd.port} ${other.publicKey}\n` };
  await using doubting = await openSshPool({ trust: [stranger] });
  const refused = doubting.run(overOpenSsh(sshd, { hostKeyPolicy: "acceptNew" }), "true");
  await expect(refused).rejects.toMatchObject({
    code: "host_key_unknown",
    members: { reason: "certificate", keyType: "ssh-ed25519-cert-v01@openssh.com" },
  });
  // Nobody tried to log in.
  expect(sshd.log().match(/Accepted publickey/g)?.length).toBe(2);
  expect(sshd.log()).not.toMatch(/authenticating user/);
});

test("a refused login says what ssh said, and so does one that no key exchange was agreed for", async () => {
  await using directory = await openDirectory();
  const stranger = await createKey(directory.join("stranger"));
  await using sshd = await openSshd({ options: { Banner: directory.join("banner") } });
  await writeFile(directory.join("banner"), "Authorized use only\n");
  await using pool = await openSshPool({ trust: [sshd] });
  await expect(pool.run(overOpenSsh(sshd, { identityFiles: [stranger.path] }), "true")).rejects.toMatchObject(
    {
      code: "authentication_failed",
      message: containing("Permission denied (publickey)"),
      members: { host: "web1", hop: `${sshd.user}@127.0.0.1:${sshd.port}` },
    },
  );
  await using odd = await openSshd({ options: { KexAlgorithms: "diffie-hellman-group14-sha1" } });
  await using second = await openSshPool({ trust: [odd] });
  await expect(second.run(overOpenSsh(odd), "true")).rejects.toMatchObject({ code: "protocol_error" });
});

test("an option that only OpenSSH honours goes to it, and one that it does not know is told", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const need = { option: "RekeyLimit", value: "1M", why: "it changes keys often" };
  const served = await pool.run(targetOf(sshd, { settings: { ...auto, needs: [need] } }), "true");
  expect(served.process.connection).toMatchObject({ transport: "openssh", transportReason: need.why });
  const unknown = { ...need, option: "NoSuchOption" };
  await expect(
    pool.run(targetOf(sshd, { settings: { ...auto, needs: [unknown] } }), "true"),
  ).rejects.toMatchObject({ code: "protocol_error", message: containing("nosuchoption") });
});

test("the caller's agent signs, and no other one", async () => {
  await using directory = await openDirectory();
  await using sshd = await openSshd();
  await using agent = await openAgent();
  await agent.add(sshd.clientKey);
  await using pool = await openSshPool({ trust: [sshd], home: directory.path });
  const target = overOpenSsh(sshd, { identityFiles: [], identitiesOnly: false });
  expect((await pool.run(target, "echo in", { agentSocket: agent.socket })).stdout.toString()).toBe("in\n");
  await expect(pool.run(target, "true")).rejects.toMatchObject({ code: "authentication_failed" });
});

test("an ssh that is killed ends its runs as lost, and the next run connects anew", async () => {
  await using sshd = await openSshd();
  await using counter = await openCounter();
  await using pool = await openSshPool({ trust: [sshd] });
  const started = await pool.start(overOpenSsh(sshd), `${counter.command}; echo up; sleep 30`);
  await started.shown("up");
  const pids = await processesWith(`-p\0${sshd.port}\0`);
  expect(pids.length).toBe(1);
  const closed = pool.changed("connectionClosed");
  endProcesses(pids);
  expect((await started.finished).end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
  await closed;
  expect((await pool.run(overOpenSsh(sshd), "echo again")).stdout.toString()).toBe("again\n");
  expect(await counter.count()).toBe(1);
});

test.each([
  ["that is new", false],
  ["that is known, too", true],
])(
  "at a new key exchange with another host key %s the run is lost, and both keys are told",
  async (_, isKnown) => {
    const key = generateHostKey();
    const other = generateHostKey();
    await using server = await openSsh2Server({ hostKey: key, exec: (channel) => channel.write("up") });
    // Of any host: OpenSSH 9.2 has lost the host's name by then.
    const knownHosts = `* ${other.publicKey}\n`;
    await using pool = await openSshPool({ trust: [server, ...(isKnown ? [{ knownHosts }] : [])] });
    const started = await pool.start(overOpenSsh(server), "any");
    await started.shown("up");
    swapHostKey(server.connections[0], other);
    expect((await started.finished).end).toMatchObject({
      kind: "lost",
      problem: {
        code: "host_key_changed",
        members: {
          keyType: "ssh-rsa",
          fingerprint: fingerprintOf(other),
          expected: [{ fingerprint: fingerprintOf(key), at: "the beginning of this connection" }],
          reason: "rekey",
        },
      },
    });
  },
);

test("what a key forces is run, and no question beside it", async () => {
  await using directory = await openDirectory();
  await using counter = await openCounter();
  const key = await createKey(directory.join("forced"));
  const forced = `command="${counter.command.replaceAll('"', '\\"')}; echo forced" ${key.publicKey}`;
  await using sshd = await openSshd({ authorizedKeys: [forced] });
  const memory = { get: () => undefined, set: () => undefined, forget: () => undefined };
  await using pool = await openSshPool({ trust: [sshd], shells: memory });
  const finished = await pool.run(overOpenSsh(sshd, { identityFiles: [key.path] }), "echo asked");
  expect(finished.stdout.toString()).toBe("forced\n");
  expect(await counter.count()).toBe(1);
});

test("an unknown host key is told, nothing is recorded, and ssh never logs in", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  await expect(pool.run(overOpenSsh(sshd), "true")).rejects.toMatchObject({
    code: "host_key_unknown",
    members: { reason: "ask", fingerprint: sshd.hostKeys[0]?.fingerprint },
  });
  await expect(readFile(pool.knownHostsPath)).rejects.toMatchObject({ code: "ENOENT" });
  expect(sshd.log()).not.toMatch(/authenticating user|Accepted/);
});

test.each(["a %h dir", 'a "quoted" \\ dir'])("a key in %j is found", async (name) => {
  await using directory = await openDirectory();
  await mkdir(directory.join(name));
  const key = await createKey(directory.join(`${name}/key`));
  await using sshd = await openSshd();
  await sshd.authorize(key.publicKey);
  await using pool = await openSshPool({ trust: [sshd] });
  const finished = await pool.run(overOpenSsh(sshd, { identityFiles: [key.path] }), "echo in");
  expect(finished.stdout.toString()).toBe("in\n");
});

test("a bastion over one transport leads to a host over the other, both ways", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2" });
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [bastion, sshd] });
  const there = overOpenSsh(sshd, { jump: [targetOf(bastion, { name: "bastion" })] });
  expect((await pool.run(there, "echo there")).stdout.toString()).toBe("there\n");
  const back = targetOf(sshd, { jump: [overOpenSsh(bastion, { name: "bastion" })] });
  expect((await pool.run(back, "echo back")).stdout.toString()).toBe("back\n");
  const ways = pool.pool.list().map(({ address, transport }) => `${address} ${transport}`);
  expect(ways.sort()).toEqual(["127.0.0.1 openssh", "127.0.0.1 ssh2", "127.0.0.2 openssh", "127.0.0.2 ssh2"]);
});

test("a daemon that is told to stop leaves no ssh and no socket", async () => {
  await using directory = await openDirectory();
  const environment = { XDG_RUNTIME_DIR: directory.path };
  const daemon = await openHostedDaemon({ environment, host: { transport: "openssh" } });
  const reading = await daemon.run("echo in");
  expect(reading.text("stdout")).toBe("in\n");
  const message = matching(/^Connected to web1 by OpenSSH in \d+ ms: it is set to do so$/);
  expect(reading.of("status")).toContainEqual(expect.objectContaining({ state: "running", message }));
  const { items } = await daemon.client.call("listConnections", {});
  expect(items).toMatchObject([{ host: "web1", transport: "openssh" }]);
  const [place] = await readdir(directory.path);
  await chmod(directory.path, 0o700);
  expect((await readdir(directory.join(place ?? ""))).length).toBeGreaterThan(0);
  expect((await processesWith(directory.path)).length).toBe(1);
  await daemon.kill("SIGTERM");
  expect(await processesWith(directory.path)).toEqual([]);
  expect(await readdir(directory.path)).toEqual([]);
  await daemon[Symbol.asyncDispose]();
});

test("a daemon that is killed takes its ssh along, and the next one clears what is left", async () => {
  await using directory = await openDirectory();
  const environment = { XDG_RUNTIME_DIR: directory.path };
  const host = { transport: "openssh" } as const;
  await using daemon = await openHostedDaemon({ environment, host });
  await daemon.run("true");
  const pids = await processesWith(directory.path);
  expect(pids.length).toBe(1);
  await daemon.kill("SIGKILL");
  await expect.poll(() => processesWith(directory.path)).toEqual([]);
  const [place = ""] = await readdir(directory.path);
  await appendFile(directory.join(`${place}/left`), "");
  const { stateDirectory } = daemon;
  await using next = await openTestDaemon({ environment, home: daemon.home, stateDirectory });
  const reading = await new RunReading().follow(await openStream(next, "echo in"));
  expect(reading.text("stdout")).toBe("in\n");
  expect(await readdir(directory.join(place))).not.toContain("left");
});
