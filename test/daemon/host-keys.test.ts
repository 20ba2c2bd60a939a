import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { HostKeyPolicy } from "../../protocol/host.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { problemOf } from "../support/http.ts";
import { hostOf, knowHosts, openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { RunReading } from "../support/run-stream.ts";
import { containing } from "../support/matching.ts";
import { openSshd } from "../support/sshd.ts";
import type { SshKeyType } from "../support/ssh-key.ts";

await using stack = new AsyncDisposableStack();
const daemon = stack.use(await openTestDaemon());
const sshd = stack.use(await openSshd());
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const where = { address: sshd.address, port: sshd.port };
const hostKey = sshd.hostKeys[0];
if (hostKey === undefined) throw new Error("sshd has no host key");
const key = hostKey.publicKey.split(" ")[1] ?? "";

async function run(host: string): Promise<RunReading> {
  return new RunReading().follow(await openStream(daemon, "echo in", { host }));
}

/** A host of this policy, with no key of the server recorded and no connection left. */
async function saveHost(name: string, hostKeyPolicy: HostKeyPolicy): Promise<void> {
  await daemon.client.call("createHost", { body: { ...hostOf(sshd), name, hostKeyPolicy } });
}

beforeEach(async () => {
  const { items } = await daemon.client.call("listKnownHosts");
  if (items.some(({ readOnly }) => !readOnly))
    await daemon.client.call("deleteKnownHosts", { query: { address: sshd.address } });
  const connections = await daemon.client.call("listConnections");
  for (const { id } of connections.items) {
    await daemon.client.call("closeConnection", { params: { connection: id } });
  }
});

describe("an unknown key", () => {
  test("with ask fails the run with what a person has to compare, and works once it is trusted", async () => {
    await saveHost("asking", "ask");
    const refused = await run("asking");
    expect(refused.complete).toMatchObject({ outcome: "failed", stdoutBytes: 0 });
    expect(refused.problem.code).toBe("host_key_unknown");
    const { members } = refused.problem;
    expect(members).toMatchObject({
      keyType: "ssh-ed25519",
      fingerprint: hostKey.fingerprint,
      key,
      ...where,
    });

    const { address = "", port, key: shown = "" } = members;
    const added = await daemon.client.call("addKnownHost", {
      body: { address, ...(port === undefined ? {} : { port }), key: shown },
    });
    expect(added).toMatchObject({ ...where, keyType: "ssh-ed25519", fingerprint: hostKey.fingerprint });
    expect((await run("asking")).text()).toBe("in\n");
    const listed = await daemon.client.call("listKnownHosts");
    expect(listed.items).toEqual([added]);
    const file = await readFile(join(daemon.stateDirectory, "known_hosts"), "utf8");
    expect(file).toContain(`[${sshd.address}]:${sshd.port} ssh-ed25519 ${key}`);
  });

  test("with strict fails whatever a person says, until the key is on record", async () => {
    await saveHost("strict", "strict");
    expect((await run("strict")).problem.code).toBe("host_key_unknown");
    await daemon.client.call("addKnownHost", { body: { ...where, key } });
    expect((await run("strict")).text()).toBe("in\n");
  });

  test("with acceptNew is recorded, and the run goes on", async () => {
    await saveHost("accepting", "acceptNew");
    expect((await run("accepting")).text()).toBe("in\n");
    const { items } = await daemon.client.call("listKnownHosts");
    expect(items).toMatchObject([{ ...where, fingerprint: hostKey.fingerprint }]);
  });

  test("is forgotten again by its address", async () => {
    await daemon.client.call("addKnownHost", { body: { ...where, key } });
    await daemon.client.call("deleteKnownHosts", { query: { ...where, port: String(sshd.port) } });
    expect((await daemon.client.call("listKnownHosts")).items).toEqual([]);
    const again = daemon.client.call("deleteKnownHosts", { query: { address: sshd.address } });
    expect((await problemOf(again)).code).toBe("not_found");
  });
});

describe("a changed key", () => {
  test.each(["ask", "acceptNew", "strict"] as const)(
    "with %s is refused, and nothing is recorded",
    async (policy) => {
      await using other = await openSshd();
      const otherKey = other.hostKeys[0];
      await daemon.client.call("addKnownHost", {
        body: { ...where, key: otherKey?.publicKey.split(" ")[1] ?? "" },
      });
      const name = `changed-${policy}`;
      await saveHost(name, policy);
      const refused = await run(name);
      expect(refused.complete).toMatchObject({ outcome: "failed", stdoutBytes: 0 });
      expect(refused.problem.code).toBe("host_key_changed");
      expect(refused.problem.members).toMatchObject({
        fingerprint: hostKey.fingerprint,
        expected: [
          {
            keyType: "ssh-ed25519",
            fingerprint: otherKey?.fingerprint,
            at: `${join(daemon.stateDirectory, "known_hosts")}:1`,
          },
        ],
      });
      expect(sshd.log()).not.toContain(`Accepted publickey for ${name}`);
      // Nor can it be trusted on top of the old one.
      const trust = daemon.client.call("addKnownHost", { body: { ...where, key } });
      expect((await problemOf(trust)).code).toBe("conflict");
      const { items } = await daemon.client.call("listKnownHosts");
      expect(items).toMatchObject([{ fingerprint: otherKey?.fingerprint }]);
    },
  );
});

test("the person's own ~/.ssh/known_hosts counts, and is never written", async () => {
  await using own = await openHostedDaemon({ host: { hostKeyPolicy: "strict" } });
  const path = join(own.home, ".ssh/known_hosts");
  const before = await readFile(path, "utf8");
  expect((await own.run("echo in")).text()).toBe("in\n");
  expect(await readFile(path, "utf8")).toBe(before);
  const { items } = await own.client.call("listKnownHosts");
  expect(items).toMatchObject([{ file: path, line: 1, readOnly: true, marker: null }]);
  const { address, port } = own.sshd;
  const query = { address, port: String(port) };
  const problem = await problemOf(own.client.call("deleteKnownHosts", { query }));
  expect(problem).toMatchObject({ code: "not_found", message: containing(`${path}:1`) });
});

test("what stands in the person's file is listed as it stands there", async () => {
  await using own = await openTestDaemon();
  const path = join(own.home, ".ssh/known_hosts");
  await own.client.call("addKnownHost", { body: { ...where, key } });
  const lines = [
    `*.example.org,web1 ssh-ed25519 ${key}`,
    `@revoked * ssh-ed25519 ${key}`,
    "# mine",
    `[Web2]:2222 ssh-ed25519 ${key}`,
  ];
  await knowHosts(own.home, `${lines.join("\n")}\n`);
  await promisify(execFile)("ssh-keygen", ["-q", "-f", path, "-H"]);
  await knowHosts(own.home, `@cert-authority *.example.org ssh-ed25519 ${key}\n`);
  const { items } = await own.client.call("listKnownHosts");
  const shown = items.map(({ address, port, marker, line, readOnly }) => {
    return [address.replace(/^\|1\|.*/, "hashed"), port, marker, line, readOnly];
  });
  expect(shown).toEqual([
    [where.address, where.port, null, 1, false],
    ["*.example.org,web1", 22, null, 1, true],
    ["*", 22, "revoked", 2, true],
    ["hashed", 22, null, 4, true],
    ["*.example.org", 22, "certAuthority", 5, true],
  ]);
  for (const item of items) {
    expect(await own.client.call("getKnownHost", { params: { key: item.id } })).toEqual(item);
  }
});

test.each<[SshKeyType, string]>([
  ["ed25519", "ssh-ed25519"],
  ["ecdsa", "ecdsa-sha2-nistp256"],
  ["rsa", "ssh-rsa"],
])("a host key of type %s has ssh-keygen's fingerprint", async (type, keyType) => {
  await using server = await openSshd({ hostKeys: [type] });
  const name = `type-${type}`;
  await daemon.client.call("createHost", { body: { ...hostOf(server), name } });
  const { problem } = await run(name);
  expect(problem.code).toBe("host_key_unknown");
  expect(problem.members).toMatchObject({ keyType, fingerprint: server.hostKeys[0]?.fingerprint });
  await knowHosts(daemon.home, server.knownHosts);
  expect((await run(name)).text()).toBe("in\n");
});

test("alias, files, revoked keys and algorithms of ~/.ssh/config hold", async () => {
  await using own = await openTestDaemon();
  const at = (name: string): string => join(own.home, ".ssh", name);
  await using other = await openSshd();
  await knowHosts(own.home, `[127.0.0.1]:${sshd.port} ${other.hostKeys[0]?.publicKey}\n`);
  await writeFile(at("theirs"), `database ${hostKey.publicKey}\n`);
  await writeFile(at("revoked"), `${hostKey.publicKey}\n`);
  const common = [
    `HostName 127.0.0.1`,
    `Port ${sshd.port}`,
    `User ${sshd.user}`,
    `IdentityFile ${sshd.clientKey.path}`,
  ];
  const alias = ["HostKeyAlias Database", "UserKnownHostsFile ~/.ssh/theirs"];
  const hosts = {
    plain: [],
    aliased: [...alias, "KexAlgorithms ecdh-sha2-nistp384", "Ciphers aes256-ctr", "MACs hmac-sha2-512"],
    revoked: [...alias, "RevokedHostKeys ~/.ssh/revoked"],
    printed: [
      "HostKeyAlias db",
      "UserKnownHostsFile /dev/null",
      `KnownHostsCommand /bin/echo %H ${hostKey.publicKey}`,
    ],
  };
  const config = Object.entries(hosts).map(([name, lines]) =>
    [`Host ${name}`, ...common, ...lines].join("\n  "),
  );
  await writeFile(at("config"), `${config.join("\n")}\n`);
  const ended = async (host: string): Promise<RunReading> =>
    new RunReading().follow(await openStream(own, "echo in", { host }));
  expect((await ended("plain")).problem.code).toBe("host_key_changed");
  expect((await ended("aliased")).text()).toBe("in\n");
  expect((await ended("printed")).text()).toBe("in\n");
  const refused = (await ended("revoked")).problem;
  expect(refused).toMatchObject({ code: "host_key_changed", members: { reason: "revoked" } });
  const { items } = await own.client.call("listConnections");
  expect(items.find(({ host }) => host === "aliased")).toMatchObject({
    kex: "ecdh-sha2-nistp384",
    cipher: "aes256-ctr",
    mac: "hmac-sha2-512",
    transport: "ssh2",
  });
});
