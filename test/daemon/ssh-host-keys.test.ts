import { execFile } from "node:child_process";
import { copyFile, readFile, stat, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { Problem } from "../../protocol/problem.ts";
import { containing } from "../support/matching.ts";
import { openDirectory } from "../support/directory.ts";
import { personWho } from "../support/person.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";
import { SecretMemory } from "../../daemon/transport/secret-memory.ts";
import { plainHopSettings, type TrustSettings } from "../../daemon/transport/hop-settings.ts";

/** Resolves when nothing listens there any more. */
async function untilRefused({ address, port }: { address: string; port: number }): Promise<void> {
  for (;;) {
    const socket = connect(port, address);
    const event = await Promise.race([once(socket, "connect"), once(socket, "close")]).catch(() => undefined);
    socket.destroy();
    if (event === undefined) return;
  }
}

/** As a host's configuration has it. */
function trusting(trust: Partial<TrustSettings>) {
  return { settings: { ...plainHopSettings, trust: { ...plainHopSettings.trust, ...trust } } };
}

test("an unknown key is told with all that a person needs to decide", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  const [key] = sshd.hostKeys;
  await expect(pool.run(targetOf(sshd), "true")).rejects.toMatchObject({
    code: "host_key_unknown",
    members: {
      host: "web1",
      hop: `${sshd.user}@127.0.0.1:${sshd.port}`,
      address: "127.0.0.1",
      port: sshd.port,
      keyType: "ssh-ed25519",
      fingerprint: key?.fingerprint,
      key: key?.publicKey.split(" ")[1],
    },
  });
  await expect(readFile(pool.knownHostsPath)).rejects.toMatchObject({ code: "ENOENT" });
});

test("what was told can be handed back, and then the host is known", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  const problem: unknown = await pool.run(targetOf(sshd), "true").catch((failure: unknown) => failure);
  const { address, port, key } = problem instanceof Problem ? problem.members : {};
  await pool.knownHosts.add(address ?? "", port ?? 0, Buffer.from(key ?? "", "base64"));
  expect((await pool.run(targetOf(sshd), "echo in")).stdout.toString()).toBe("in\n");
});

test("a strict policy refuses an unknown key and says why", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  await expect(pool.run(targetOf(sshd, { hostKeyPolicy: "strict" }), "true")).rejects.toMatchObject({
    code: "host_key_unknown",
    message: containing("strict"),
  });
});

test("acceptNew records the key, and a changed one is refused all the same", async () => {
  await using directory = await openDirectory();
  const before = await createKey(directory.join("before"));
  const after = await createKey(directory.join("after"));
  const first = await openSshd({ hostKeys: [before] });
  await using pool = await openSshPool();
  const target = targetOf(first, { hostKeyPolicy: "acceptNew" });
  await pool.run(target, "true");
  const recorded = await readFile(pool.knownHostsPath, "utf8");
  const [type, key] = before.publicKey.split(" ");
  expect(recorded).toBe(`[127.0.0.1]:${first.port} ${type} ${key}\n`);
  expect((await stat(pool.knownHostsPath)).mode & 0o777).toBe(0o600);
  const closed = pool.changed("connectionClosed");
  await first[Symbol.asyncDispose]();
  await closed;

  await using second = await openSshd({ hostKeys: [after], port: first.port });
  for (const hostKeyPolicy of ["acceptNew", "ask", "strict"] as const) {
    const changed = targetOf({ ...second, port: first.port }, { hostKeyPolicy });
    await expect(pool.run(changed, "true")).rejects.toMatchObject({
      code: "host_key_changed",
      members: {
        fingerprint: after.fingerprint,
        expected: [
          {
            fingerprint: before.fingerprint,
            keyType: "ssh-ed25519",
            at: `${pool.knownHostsPath}:1`,
            remove: `hostrun known-hosts remove 127.0.0.1:${first.port}`,
          },
        ],
      },
    });
  }
  expect(await readFile(pool.knownHostsPath, "utf8")).toBe(recorded);
});

test.each<[string, (place: string) => string, (path: string) => Promise<unknown>]>([
  ["plain", (place) => `# mine\nweb9 <KEY>\n${place} <KEY>\nweb8 <KEY>\n`, () => Promise.resolve()],
  [
    "hashed",
    (place) => `web9 <KEY>\n${place} <KEY>\n`,
    (path) => promisify(execFile)("ssh-keygen", ["-q", "-H", "-f", path]),
  ],
])(
  "the command that replaces a changed key takes out its %s line and no other",
  async (_form, text, prepare) => {
    await using directory = await openDirectory();
    const old = await createKey(directory.join("old"));
    await using sshd = await openSshd();
    // A path that a shell would take apart.
    const path = directory.join("it's $(mine) known_hosts");
    const place = `[127.0.0.1]:${sshd.port}`;
    await writeFile(path, text(place).replaceAll("<KEY>", old.publicKey));
    await prepare(path);
    await using pool = await openSshPool();
    const target = targetOf(sshd, {
      hostKeyPolicy: "acceptNew",
      ...trusting({ userKnownHostsFiles: [path] }),
    });
    const problem: unknown = await pool.run(target, "true").catch((failure: unknown) => failure);
    if (!(problem instanceof Problem)) throw new Error("the key was taken");
    const [now] = sshd.hostKeys;
    const [expected] = problem.members.expected ?? [];
    expect(problem.code).toBe("host_key_changed");
    for (const shown of [old.fingerprint, now?.fingerprint, expected?.at, expected?.remove]) {
      expect(problem.message).toContain(shown);
    }
    expect(sshd.log()).not.toMatch(/Accepted|Postponed|Failed/);
    const before = (await readFile(path, "utf8")).split("\n");
    await promisify(execFile)("sh", ["-c", expected?.remove ?? "false"]);
    const line = Number(expected?.at.split(":").at(-1));
    expect((await readFile(path, "utf8")).split("\n")).toEqual(
      before.filter((_text, index) => index + 1 !== line),
    );
    expect((await pool.run(target, "echo in")).stdout.toString()).toBe("in\n");
  },
);

test("no command is told for a line that means other hosts, too", async () => {
  await using directory = await openDirectory();
  const old = await createKey(directory.join("old"));
  await using sshd = await openSshd();
  const path = directory.join("theirs");
  await writeFile(path, `[127.0.0.1]:*,web9 ${old.publicKey}\n`);
  await using pool = await openSshPool();
  const target = targetOf(sshd, trusting({ userKnownHostsFiles: [path] }));
  const problem: unknown = await pool.run(target, "true").catch((failure: unknown) => failure);
  expect(problem).toMatchObject({ code: "host_key_changed", message: containing(`edit ${path}:1`) });
  expect(problem).not.toHaveProperty("members.expected.0.remove");
});

test("a key that changes between two connections is refused, while runs on the first go on", async () => {
  await using directory = await openDirectory();
  const after = await createKey(directory.join("after"));
  await using first = await openSshd();
  await using pool = await openSshPool({ trust: [first], limits: { channelsPerConnection: 1 } });
  const target = targetOf(first);
  const running = await pool.start(target, "echo up; cat");
  await running.shown("up");
  // Its sessions go on without the listener.
  process.kill(first.pid, "SIGKILL");
  await untilRefused(first);
  await using second = await openSshd({ hostKeys: [after], port: first.port });
  await expect(pool.run(target, "true")).rejects.toMatchObject({ code: "host_key_changed" });
  expect(second.log()).not.toMatch(/Accepted|Postponed|Failed/);
  running.process.stdin.end("still here\n");
  expect((await running.finished).stdout.toString()).toBe("up\nstill here\n");
});

test("a password that is kept is not sent to a host or bastion whose key has changed", async () => {
  await using directory = await openDirectory();
  const old = await createKey(directory.join("old"));
  await using bastion = await openSshd({ options: { PasswordAuthentication: "yes", LogLevel: "DEBUG1" } });
  await using sshd = await openSshd();
  const knownHosts = `[127.0.0.1]:${bastion.port} ${old.publicKey}\n`;
  const secrets = new SecretMemory();
  await using pool = await openSshPool({ trust: [sshd, { knownHosts }], secrets });
  const target = targetOf(bastion, { identityFiles: ["/nonexistent"], hostKeyPolicy: "acceptNew" });
  secrets.keepPassword(target, "canary");
  const person = personWho(["canary"]);
  for (const way of [target, targetOf(sshd, { jump: [target] })]) {
    const run = pool.run(way, "true", { questioner: person });
    await expect(run).rejects.toMatchObject({ code: "host_key_changed" });
  }
  expect(person.asked).toEqual([]);
  expect(bastion.log()).not.toMatch(/userauth|Accepted|Postponed|Failed/);
});

test("a revoked key is refused", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [{ knownHosts: `@revoked ${sshd.knownHosts}` }] });
  const target = targetOf(sshd, { hostKeyPolicy: "acceptNew" });
  await expect(pool.run(target, "true")).rejects.toMatchObject({
    code: "host_key_changed",
    members: { reason: "revoked" },
  });
});

test("of a server's several keys the one that is known is asked for", async () => {
  await using sshd = await openSshd({ hostKeys: ["ed25519", "ecdsa", "rsa"] });
  for (const line of sshd.knownHosts.trim().split("\n")) {
    await using pool = await openSshPool({ trust: [{ knownHosts: `${line}\n` }] });
    const run = await pool.run(targetOf(sshd), "true");
    expect(run.process.connection.hostKeyType).toBe(line.split(" ")[1]);
  }
});

test("a key that stands in a file since a moment ago is known", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  await expect(pool.run(targetOf(sshd), "true")).rejects.toMatchObject({ code: "host_key_unknown" });
  await writeFile(pool.knownHostsPath, sshd.knownHosts);
  expect((await pool.run(targetOf(sshd), "true")).end).toEqual({ kind: "exited", code: 0 });
});

test("a pooled connection of a host that takes new keys is not lent to one that asks", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  await pool.run(targetOf(sshd, { hostKeyPolicy: "acceptNew" }), "true");
  pool.knownHosts.remove("127.0.0.1");
  await expect(pool.run(targetOf(sshd), "true")).rejects.toMatchObject({ code: "host_key_unknown" });
});

test("an RSA key below requiredRsaSize is refused, known or not, and nothing is recorded", async () => {
  await using directory = await openDirectory();
  const short = await createKey(directory.join("short"), "rsa", "", 2047);
  await using sshd = await openSshd({ hostKeys: [short] });
  for (const trust of [[], [sshd]]) {
    await using pool = await openSshPool({ trust });
    for (const hostKeyPolicy of ["acceptNew", "ask", "strict"] as const) {
      await expect(pool.run(targetOf(sshd, { hostKeyPolicy }), "true")).rejects.toMatchObject({
        code: "protocol_error",
        message: containing("an RSA host key of 2047 bits"),
        members: {
          host: "web1",
          keyType: "ssh-rsa",
          fingerprint: short.fingerprint,
          reason: "rsa_key_too_short",
        },
      });
    }
    await expect(readFile(pool.knownHostsPath)).rejects.toMatchObject({ code: "ENOENT" });
  }
  expect(sshd.log()).not.toContain("Accepted publickey");

  await using lenient = await openSshPool({ trust: [sshd], limits: { requiredRsaSize: 2047 } });
  expect((await lenient.run(targetOf(sshd), "true")).process.connection.hostKeyType).toBe("ssh-rsa");
});

test("a short key that is not the known one is told as changed", async () => {
  await using directory = await openDirectory();
  const short = await createKey(directory.join("short"), "rsa", "", 1024);
  const known = await createKey(directory.join("known"));
  await using sshd = await openSshd({ hostKeys: [short] });
  const knownHosts = `[${sshd.address}]:${sshd.port} ${known.publicKey}\n`;
  await using pool = await openSshPool({ trust: [{ knownHosts }] });
  await expect(pool.run(targetOf(sshd), "true")).rejects.toMatchObject({ code: "host_key_changed" });
});

test("an alias is looked up in place of the address, and is no false alarm", async () => {
  await using directory = await openDirectory();
  const other = await createKey(directory.join("other"));
  await using sshd = await openSshd();
  const key = sshd.hostKeys[0]?.publicKey ?? "";
  // What is known of the address is another server's: a tunnel, or an address that was given away.
  const knownHosts = `[127.0.0.1]:${sshd.port} ${other.publicKey}\ndatabase ${key}\n`;
  await using pool = await openSshPool({ trust: [{ knownHosts }] });
  const target = targetOf(sshd, trusting({ hostKeyAlias: "Database" }));
  expect((await pool.run(target, "echo in")).stdout.toString()).toBe("in\n");
  const unknown = targetOf(sshd, trusting({ hostKeyAlias: "127.0.0.1" }));
  await expect(pool.run(unknown, "true")).rejects.toMatchObject({
    code: "host_key_unknown",
    members: { address: "127.0.0.1", port: 22 },
  });
});

test("a new key is recorded under the alias, hashed where the configuration says so", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  const settings = trusting({ hostKeyAlias: "Database", hashKnownHosts: true });
  await pool.run(targetOf(sshd, { hostKeyPolicy: "acceptNew", ...settings }), "true");
  expect(await readFile(pool.knownHostsPath, "utf8")).toMatch(/^\|1\|[^|]{28}\|[^|]{28} ssh-ed25519 \S+\n$/);
  const found = await promisify(execFile)("ssh-keygen", ["-F", "database", "-f", pool.knownHostsPath]);
  expect(found.stdout).toContain(sshd.hostKeys[0]?.publicKey.split(" ")[1]);
  await using strict = await openSshPool({
    trust: [{ knownHosts: await readFile(pool.knownHostsPath, "utf8") }],
  });
  const run = await strict.run(targetOf(sshd, { hostKeyPolicy: "strict", ...settings }), "echo in");
  expect(run.stdout.toString()).toBe("in\n");
});

test.each(["list", "KRL"])(
  "a key that a %s of revoked ones holds is refused before the login, known or not",
  async (kind) => {
    await using directory = await openDirectory();
    await using sshd = await openSshd();
    const revokedHostKeys = directory.join("revoked");
    const key = directory.join("key.pub");
    await writeFile(key, `${sshd.hostKeys[0]?.publicKey}\n`);
    if (kind === "list") await copyFile(key, revokedHostKeys);
    else await promisify(execFile)("ssh-keygen", ["-q", "-k", "-f", revokedHostKeys, key]);
    for (const trust of [[], [sshd]]) {
      await using pool = await openSshPool({ trust });
      for (const hostKeyPolicy of ["acceptNew", "ask", "strict"] as const) {
        const target = targetOf(sshd, { hostKeyPolicy, ...trusting({ revokedHostKeys }) });
        await expect(pool.run(target, "true")).rejects.toMatchObject({
          code: "host_key_changed",
          message: containing(revokedHostKeys),
          members: { reason: "revoked", fingerprint: sshd.hostKeys[0]?.fingerprint },
        });
      }
      await expect(readFile(pool.knownHostsPath)).rejects.toMatchObject({ code: "ENOENT" });
    }
    expect(sshd.log()).not.toContain("Accepted publickey");
    expect(sshd.log()).not.toContain("Postponed publickey");
  },
);

test("where revoked keys cannot be looked up no key is taken, and nobody is asked to", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const target = targetOf(sshd, trusting({ revokedHostKeys: "/nowhere/revoked" }));
  const problem: unknown = await pool.run(target, "true").catch((failure: unknown) => failure);
  expect(problem).toMatchObject({
    code: "host_key_unknown",
    message: containing("/nowhere/revoked is missing"),
    members: { reason: "unverifiable" },
  });
  expect(problem).not.toHaveProperty("members.key");
});

test("an unknown key that is not on the list of revoked ones is recorded", async () => {
  await using directory = await openDirectory();
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  const revokedHostKeys = directory.join("revoked");
  await writeFile(revokedHostKeys, "# none yet\n");
  const target = targetOf(sshd, { hostKeyPolicy: "acceptNew", ...trusting({ revokedHostKeys }) });
  expect((await pool.run(target, "echo in")).stdout.toString()).toBe("in\n");
  expect(await readFile(pool.knownHostsPath, "utf8")).toContain("ssh-ed25519");
});

test("with UserKnownHostsFile /dev/null a new key is taken and not recorded, with none it is refused", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  const devNull = trusting({ userKnownHostsFiles: ["/dev/null"] });
  const run = await pool.run(targetOf(sshd, { hostKeyPolicy: "acceptNew", ...devNull }), "echo in");
  expect(run.stdout.toString()).toBe("in\n");
  const none = targetOf(sshd, { hostKeyPolicy: "acceptNew", ...trusting({ userKnownHostsFiles: [] }) });
  await expect(pool.run(none, "true")).rejects.toMatchObject({
    code: "host_key_unknown",
    members: { reason: "no_known_hosts" },
  });
  await expect(readFile(pool.knownHostsPath)).rejects.toMatchObject({ code: "ENOENT" });
});

test("an unknown key is told with the lines that were passed over and the authority that cannot count", async () => {
  await using directory = await openDirectory();
  const path = directory.join("theirs");
  await using sshd = await openSshd();
  await using pool = await openSshPool();
  const place = `[127.0.0.1]:${sshd.port}`;
  await writeFile(
    path,
    `${place} ssh-ed25519 AAAA\n@cert-authority * ${sshd.hostKeys[0]?.publicKey}\nweb9 x y\n`,
  );
  const target = targetOf(sshd, trusting({ userKnownHostsFiles: [path] }));
  const problem: unknown = await pool.run(target, "true").catch((failure: unknown) => failure);
  expect(problem).toMatchObject({
    code: "host_key_unknown",
    message: containing(`${path}:1 was ignored: its key`),
  });
  expect(problem).toMatchObject({ message: containing(`${path}:2 trusts an authority`) });
  expect(problem).not.toMatchObject({ message: containing(`${path}:3`) });
});
