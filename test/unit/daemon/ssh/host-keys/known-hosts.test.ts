import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import { type Log, type LogFields, silentLog } from "../../../../../daemon/core/log.ts";
import type { HostKeys, HostKeyVerdict } from "../../../../../daemon/ssh/host-keys/host-keys.ts";
import { type KnownHosts, openKnownHosts } from "../../../../../daemon/ssh/host-keys/known-hosts.ts";
import { hostsMatch } from "../../../../../daemon/ssh/host-keys/known-hosts-file.ts";
import { parseKnownHosts } from "../../../../../daemon/ssh/host-keys/user-known-hosts-file.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";
import { type Directory, openDirectory } from "../../../../support/directory.ts";
import { hostileNames, namesOfMore } from "../../../../support/bad-fields.ts";
import { createKey, type SshKey } from "../../../../support/ssh-key.ts";
import { openTestFiles } from "../../../../support/user-files.ts";

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
const files = stack.use(openTestFiles());
let keys: SshKey[] = [];
beforeAll(async () => {
  const directory = stack.use(await openDirectory());
  keys = await Promise.all(["a", "b", "c"].map((name) => createKey(directory.join(name))));
});
afterAll(() => stack.disposeAsync());

const publicKey = (index: number): string => (keys[index]?.publicKey ?? "").split(" ").slice(0, 2).join(" ");
const blob = (index: number): Buffer => Buffer.from(publicKey(index).split(" ")[1] ?? "", "base64");

function open(directory: Directory, log: Log): KnownHosts {
  const where = { own: directory.join("own"), user: [directory.join("theirs")], global: [] };
  const parts = { files, clock: systemClock, log, environment: process.env };
  return openKnownHosts({ ...where, ...parts });
}

function keysOf(known: KnownHosts, address: string, port = 22): Promise<HostKeys> {
  return known.of({ name: address, address, port, user: "deploy", settings: plainHopSettings });
}

async function verdict(
  known: KnownHosts,
  address: string,
  port: number,
  key: Buffer,
): Promise<HostKeyVerdict> {
  return (await keysOf(known, address, port)).verdict(key);
}

async function knownHosts(directory: Directory, text: string): Promise<KnownHosts> {
  await writeFile(directory.join("theirs"), text);
  return open(directory, silentLog);
}

test.each([
  ["web1", "web1", true],
  ["web1", "web2", false],
  ["WEB1", "web1", true],
  ["web1,web2", "web2", true],
  ["web?", "web1", true],
  ["web?", "web", false],
  ["*.example.org", "a.b.example.org", true],
  ["*.example.org", "example.org", false],
  ["*", "anything", true],
  ["*.example.org,!secret.example.org", "secret.example.org", false],
  ["!secret.example.org,*.example.org", "open.example.org", true],
  ["!web1", "web2", false],
  ["[web1]:2222", "[web1]:2222", true],
  ["web1", "[web1]:2222", false],
  ["[web1]:*", "[web1]:2222", true],
  ["a*b*c*d", "axxbxxcxxd", true],
  ["a*b*c*d", "axxbxxcxx", false],
])("%s means %s: %s", (hosts, name, expected) => {
  expect(hostsMatch(hosts, name)).toBe(expected);
});

test("a hostile pattern takes no time", () => {
  const begun = performance.now();
  expect(hostsMatch(`${"*a".repeat(5000)}b`, "a".repeat(10_000))).toBe(false);
  expect(performance.now() - begun).toBeLessThan(1000);
});

test("names that ssh-keygen hashed are found", async () => {
  await using directory = await openDirectory();
  const path = directory.join("theirs");
  const known = await knownHosts(directory, `web1 ${publicKey(0)}\n[web1]:2222 ${publicKey(1)}\n`);
  await run("ssh-keygen", ["-H", "-f", path]);
  expect(await readFile(path, "utf8")).toMatch(/^\|1\|/);
  expect(await verdict(known, "web1", 22, blob(0))).toEqual({ kind: "known" });
  expect(await verdict(known, "web1", 2222, blob(1))).toEqual({ kind: "known" });
  expect(await verdict(known, "web1", 2222, blob(0))).toMatchObject({
    kind: "changed",
    expected: [{ line: 2 }],
  });
  expect(await verdict(known, "web2", 22, blob(0))).toEqual({ kind: "unknown" });
});

test("comments are passed over, and lines that OpenSSH reads no key in are named", async () => {
  const [type = "", base64 = ""] = publicKey(0).split(" ");
  const text = [
    "# a comment",
    "",
    `@cert-authority *.example.org ${publicKey(0)}`,
    "web1",
    "web1 ssh-ed25519",
    "web1 ssh-ed25519 !!!!",
    `web1 ssh-rsa ${base64}`,
    `@unknown web1 ${publicKey(0)}`,
    `  web1\t${publicKey(1)} a comment`,
    `@revoked web1 ${publicKey(2)}`,
    `@revoked @revoked web1 ${publicKey(2)}`,
    `web1 ${type} ${base64.slice(0, -4)}`,
    `web1 ${type} ${base64}AAAA`,
    `|1|AAAA|AAAA ${publicKey(0)}`,
    `web1 ssh-unheard ${Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from("ssh-unheard1")]).toString("base64")}`,
  ].join("\r\n");
  const { lines, malformed } = await parseKnownHosts(text, "f", systemClock);
  expect(lines.map(({ line, marker }) => [line, marker])).toEqual([
    [3, "certAuthority"],
    [9, null],
    [10, "revoked"],
  ]);
  expect(malformed.map(({ line, file }) => [file, line])).toEqual(
    [4, 5, 6, 7, 8, 11, 12, 13, 14, 15].map((line) => ["f", line]),
  );
});

test("a mark behind which a tab stands revokes a key, which ssh passes over", async () => {
  await using directory = await openDirectory();
  const known = await knownHosts(directory, `@revoked\tweb1\t${publicKey(0)}\nweb1 ${publicKey(0)}\n`);
  expect(await verdict(known, "web1", 22, blob(0))).toMatchObject({ kind: "revoked" });
});

test("a key that is revoked for an address is refused at its other ports, too, where ssh would ask", async () => {
  await using directory = await openDirectory();
  const known = await knownHosts(directory, `@revoked web1 ${publicKey(0)}\n`);
  expect(await verdict(known, "web1", 2222, blob(0))).toMatchObject({ kind: "revoked" });
});

test("a type of which the known key is revoked is not asked for first", async () => {
  await using directory = await openDirectory();
  const rsa = await createKey(directory.join("rsa"), "rsa");
  const text = `web1 ${publicKey(0)}\n@revoked * ${publicKey(0)}\nweb1 ${rsa.publicKey}\n`;
  const known = await knownHosts(directory, text);
  expect((await keysOf(known, "web1")).knownTypes()).toEqual(["ssh-rsa"]);
});

test("a host with another key on record has changed, and with several each is known", async () => {
  await using directory = await openDirectory();
  const known = await knownHosts(
    directory,
    `web1 ${publicKey(0)}\nweb1 ${publicKey(1)}\n@revoked * ${publicKey(2)}\n`,
  );
  expect(await verdict(known, "web1", 22, blob(1))).toEqual({ kind: "known" });
  expect(await verdict(known, "web1", 22, blob(2))).toEqual({
    kind: "revoked",
    at: `${directory.join("theirs")}:3`,
  });
  expect(await verdict(known, "web2", 22, blob(2))).toMatchObject({ kind: "revoked" });
  expect((await keysOf(known, "web1")).knownTypes()).toEqual(["ssh-ed25519", "ssh-ed25519"]);
});

test("what is added is written as ssh reads it, listed and taken out again", async () => {
  await using directory = await openDirectory();
  const known = await knownHosts(directory, "");
  const added = await known.add("Web1", 22, blob(0));
  await known.add("10.0.0.5", 2222, blob(1));
  await known.add("web1", 22, blob(0));
  expect(added).toMatchObject({
    address: "web1",
    port: 22,
    keyType: "ssh-ed25519",
    fingerprint: keys[0]?.fingerprint,
  });
  expect((await known.list()).map(({ address, port }) => [address, port])).toEqual([
    ["web1", 22],
    ["10.0.0.5", 2222],
  ]);
  expect((await known.list())[0]).toEqual(added);
  const { stdout } = await run("ssh-keygen", ["-F", "[10.0.0.5]:2222", "-f", directory.join("own")]);
  expect(stdout).toContain(publicKey(1));
  expect(known.remove("10.0.0.5", 22)).toBe(0);
  expect(known.remove("10.0.0.5")).toBe(1);
  expect(await verdict(known, "10.0.0.5", 2222, blob(1))).toEqual({ kind: "unknown" });
  expect((await known.list()).length).toBe(1);
});

test("a key for a host that has another one is a conflict, and no key is an invalid request", async () => {
  await using directory = await openDirectory();
  const known = await knownHosts(directory, `web1 ${publicKey(0)}\n`);
  await expect(known.add("web1", 22, blob(1))).rejects.toMatchObject({ code: "conflict" });
  const nonsense = known.add("web2", 22, Buffer.from("nonsense"));
  await expect(nonsense).rejects.toMatchObject({ code: "invalid_request" });
  expect(existsSync(directory.join("own"))).toBe(false);
});

test.each([...hostileNames, ...namesOfMore])(
  "no key is recorded for %j, which is no plain name",
  async (address) => {
    await using directory = await openDirectory();
    const known = await knownHosts(directory, "");
    for (const port of [22, 2222]) {
      await expect(known.add(address, port, blob(0))).rejects.toMatchObject({ code: "invalid_request" });
    }
    expect(existsSync(directory.join("own"))).toBe(false);
  },
);

test.each([
  "web1",
  "WEB1",
  "web1.",
  "my_host.example.org",
  "xn--bcher-kva.example",
  "bücher.example",
  "10.0.0.1",
  "::1",
  "2001:db8::1",
  "::ffff:10.0.0.1",
  "fe80::1%eth0",
])("a key is recorded for %s, and for it alone", async (address) => {
  await using directory = await openDirectory();
  const known = await knownHosts(directory, "");
  for (const port of [22, 2222]) {
    await known.add(address, port, blob(0));
    expect(await verdict(known, address, port, blob(0))).toEqual({ kind: "known" });
  }
  expect(await verdict(known, `x${address}`, 22, blob(0))).toEqual({ kind: "unknown" });
  expect((await known.list()).map((entry) => [entry.address, entry.port])).toEqual([
    [address.toLowerCase(), 22],
    [address.toLowerCase(), 2222],
  ]);
});

test("files that cannot be read hold what they held before, and are named; the log says so once", async () => {
  await using directory = await openDirectory();
  const warnings: LogFields[] = [];
  const warn = (_message: string, fields: LogFields = {}): void => void warnings.push(fields);
  await writeFile(directory.join("theirs"), `web1 ${publicKey(0)}\n`);
  await mkdir(directory.join("own"));
  const known = open(directory, { ...silentLog, warn });
  expect((await keysOf(known, "web1")).unread).toEqual([]);
  await rm(directory.join("theirs"));
  await mkdir(directory.join("theirs"));
  for (const time of [1, 2]) {
    const found = await keysOf(known, "web1");
    expect(found.unread, `look ${time}`).toEqual([`${directory.join("theirs")} (it is a directory)`]);
    expect(found.verdict(blob(0))).toEqual({ kind: "known" });
    expect(found.verdict(blob(1))).toMatchObject({ kind: "changed" });
  }
  const named = warnings.map(({ path }) => path);
  expect(named).toContain(directory.join("own"));
  expect(named.filter((path) => path === directory.join("theirs"))).toHaveLength(1);
  await rm(directory.join("theirs"), { recursive: true });
  const found = await keysOf(known, "web1");
  expect([found.verdict(blob(0)), found.unread]).toEqual([{ kind: "unknown" }, []]);
});

test("what is changed in a file holds from the next look on", async () => {
  await using directory = await openDirectory();
  const known = await knownHosts(directory, `web1 ${publicKey(0)}\n`);
  expect(await verdict(known, "web1", 22, blob(0))).toEqual({ kind: "known" });
  await writeFile(directory.join("theirs"), `web1 ${publicKey(1)}\n`);
  expect(await verdict(known, "web1", 22, blob(0))).toMatchObject({ kind: "changed" });
});

test("lines that a person wrote into Hostrun's own file stay", async () => {
  await using directory = await openDirectory();
  const known = await knownHosts(directory, "");
  await writeFile(directory.join("own"), `# mine\nweb9 ${publicKey(1)} by hand`);
  await chmod(directory.join("own"), 0o600);
  await known.add("web1", 22, blob(0));
  known.remove("web1");
  expect(await readFile(directory.join("own"), "utf8")).toBe(`# mine\nweb9 ${publicKey(1)} by hand\n`);
});
