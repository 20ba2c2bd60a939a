import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../daemon/core/clock.ts";
import { silentLog } from "../../daemon/core/log.ts";
import { openKnownHosts } from "../../daemon/ssh/host-keys/known-hosts.ts";
import { plainHopSettings, type TrustSettings } from "../../daemon/transport/hop-settings.ts";
import { openDirectory } from "../support/directory.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshd } from "../support/sshd.ts";
import { openTestFiles } from "../support/user-files.ts";

const run = promisify(execFile);

await using stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
const sshd = stack.use(await openSshd());
const files = stack.use(openTestFiles());
const other = await createKey(directory.join("other"));
const rsa = await createKey(directory.join("rsa"), "rsa");
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const words = (publicKey: string | undefined): string => (publicKey ?? "").split(" ").slice(0, 2).join(" ");
const key = words(sshd.hostKeys[0]?.publicKey);
const blob = Buffer.from(key.split(" ")[1] ?? "", "base64");
const { port } = sshd;
const place = `[127.0.0.1]:${port}`;

/** The names that stand in the tables for this server's values. */
function filled(text: string): string {
  const values = {
    KEY: key,
    OTHER: words(other.publicKey),
    RSA: words(rsa.publicKey),
    PLACE: place,
    PORT: String(port),
  };
  return Object.entries(values).reduce((made, [name, value]) => made.replaceAll(`<${name}>`, value), text);
}

type Kind = "known" | "unknown" | "changed" | "revoked" | "unverifiable";

/** What ssh itself makes of the server's key, by what it prints. */
async function verdictOfSsh(options: readonly string[], address: string): Promise<Kind> {
  const args = [
    "-F",
    "none",
    "-o",
    "BatchMode=yes",
    "-o",
    "StrictHostKeyChecking=yes",
    "-i",
    sshd.clientKey.path,
  ];
  const own = ["-o", "IdentitiesOnly=yes", "-p", String(port), `${sshd.user}@${address}`, "true"];
  const ran = await run("ssh", [...args, ...options.flatMap((option) => ["-o", option]), ...own]).then(
    () => "in",
    (failure: unknown) =>
      failure instanceof Error && "stderr" in failure ? String(failure.stderr) : String(failure),
  );
  if (ran === "in") return "known";
  if (/REVOKED HOST KEY|revoked by file/.test(ran)) return "revoked";
  if (ran.includes("IDENTIFICATION HAS CHANGED")) return "changed";
  if (/No \S+ host key is known/.test(ran)) return "unknown";
  if (/Error checking host key|KnownHostsCommand failed/.test(ran)) return "unverifiable";
  throw new Error(ran);
}

async function verdictOfHostrun(trust: Partial<TrustSettings>, address: string): Promise<Kind> {
  const parts = { files, clock: systemClock, log: silentLog, environment: process.env };
  const known = openKnownHosts({ own: directory.join("own"), user: [], global: [], ...parts });
  const settings = { ...plainHopSettings, trust: { ...plainHopSettings.trust, ...trust } };
  const hostKeys = await known.of({ name: address, address, port, user: sshd.user, settings });
  const verdict = hostKeys.verdict(blob);
  if (verdict.kind !== "unexamined") return verdict.kind;
  expect(await hostKeys.examine()).toBe(true);
  const examined = hostKeys.verdict(blob);
  if (examined.kind === "unexamined") throw new Error("still unexamined");
  return examined.kind;
}

let made = 0;
async function file(text: string): Promise<string> {
  made += 1;
  const path = directory.join(`known_hosts_${made}`);
  await writeFile(path, filled(text));
  return path;
}

test.each<[string, Kind]>([
  ["", "unknown"],
  ["# <PLACE> <KEY>", "unknown"],
  ["<PLACE> <KEY>", "known"],
  ["  <PLACE>\t<KEY> a comment", "known"],
  ["<PLACE> <KEY>\r", "known"],
  ["<PLACE> <OTHER>", "changed"],
  ["<PLACE> <RSA>", "changed"],
  ["<PLACE> <OTHER>\n<PLACE> <RSA>\n<PLACE> <KEY>", "known"],
  ["web1,<PLACE>,web2 <KEY>", "known"],
  ["[127.0.0.?]:<PORT> <KEY>", "known"],
  ["[127.*]:* <KEY>", "known"],
  ["*,!<PLACE> <OTHER>", "unknown"],
  ["!<PLACE>,* <OTHER>", "unknown"],
  ["!web1 <OTHER>", "unknown"],
  // An entry without port counts for another port as a key that is known, never as one that has changed.
  ["127.0.0.1 <KEY>", "known"],
  ["127.0.0.1 <OTHER>", "unknown"],
  ["127.0.0.1 <KEY>\n<PLACE> <OTHER>", "changed"],
  ["127.0.0.1 <OTHER>\n<PLACE> <KEY>", "known"],
  ["[127.0.0.1]:1 <OTHER>", "unknown"],
  ["@revoked <PLACE> <KEY>", "revoked"],
  ["@revoked * <KEY>\n<PLACE> <KEY>", "revoked"],
  ["@revoked * <OTHER>\n<PLACE> <KEY>", "known"],
  ["@revoked web1 <KEY>\n<PLACE> <KEY>", "known"],
  // An authority's key vouches for certificates only.
  ["@cert-authority * <KEY>", "unknown"],
  ["@cert-authority * <OTHER>\n<PLACE> <KEY>", "known"],
  ["@unknown <PLACE> <OTHER>", "unknown"],
  ["@revoked @revoked <PLACE> <KEY>", "unknown"],
  ["<PLACE>", "unknown"],
  ["<PLACE> ssh-ed25519", "unknown"],
  ["<PLACE> ssh-ed25519 AAAA", "unknown"],
  ["<PLACE> ssh-rsa AAAAC3NzaC1lZDI1NTE5", "unknown"],
  ["<PLACE> <OTHER>A", "unknown"],
  ["<PLACE> ssh-unheard AAAAC3NzaC11bmhlYXJk", "unknown"],
  ["|1|AAAA|AAAA <OTHER>", "unknown"],
  ["|2|AAAA|AAAA <OTHER>", "unknown"],
])("with known_hosts %j the key is %s, as ssh has it", async (text, expected) => {
  const path = await file(text);
  const ours = await verdictOfHostrun({ userKnownHostsFiles: [path] }, "127.0.0.1");
  const theirs = await verdictOfSsh([`UserKnownHostsFile=${path}`, "GlobalKnownHostsFile=none"], "127.0.0.1");
  expect([ours, theirs]).toEqual([expected, expected]);
});

test.each<[string, string, Kind]>([
  ["web1.example.org", "web1.example.org <KEY>", "known"],
  ["Web1.Example.ORG", "WEB1.example.org <KEY>", "known"],
  ["web1.example.org", "*.example.org,!web2.example.org <KEY>", "known"],
  ["web1.example.org", "*.example.org,!web1.* <OTHER>", "unknown"],
  ["web1.example.org", "web?.example.org <OTHER>", "changed"],
  ["web1.example.org", "[web1.example.org]:<PORT> <OTHER>", "unknown"],
  ["web1.example.org", "<PLACE> <OTHER>", "unknown"],
  ["web1.example.org", "127.0.0.1 <KEY>", "unknown"],
])("under the alias %s, with %j the key is %s, as ssh has it", async (alias, text, expected) => {
  const path = await file(text);
  const ours = await verdictOfHostrun({ hostKeyAlias: alias, userKnownHostsFiles: [path] }, "127.0.0.1");
  const options = [`HostKeyAlias=${alias}`, `UserKnownHostsFile=${path}`, "GlobalKnownHostsFile=none"];
  expect([ours, await verdictOfSsh(options, "127.0.0.1")]).toEqual([expected, expected]);
});

test.each<[string, Kind]>([
  ["<PLACE> <KEY>\n[web2]:7 <OTHER>\n", "known"],
  ["<PLACE> <OTHER>\nweb2 <KEY>\n", "changed"],
  ["127.0.0.1 <KEY>\n", "known"],
  ["web2 <KEY>\n", "unknown"],
])("with the names of %j hashed by ssh-keygen the key is %s, as ssh has it", async (text, expected) => {
  const path = await file(text);
  await run("ssh-keygen", ["-q", "-H", "-f", path]);
  const ours = await verdictOfHostrun({ userKnownHostsFiles: [path] }, "127.0.0.1");
  const theirs = await verdictOfSsh([`UserKnownHostsFile=${path}`, "GlobalKnownHostsFile=none"], "127.0.0.1");
  expect([ours, theirs]).toEqual([expected, expected]);
});

test("names are compared without case", async () => {
  const path = await file("[LocalHost]:<PORT> <OTHER>");
  const ours = await verdictOfHostrun({ userKnownHostsFiles: [path] }, "LOCALHOST");
  const theirs = await verdictOfSsh([`UserKnownHostsFile=${path}`, "GlobalKnownHostsFile=none"], "LOCALHOST");
  expect([ours, theirs]).toEqual(["changed", "changed"]);
});

test.each<[string[], string[], Kind]>([
  [["<PLACE> <KEY>"], [], "known"],
  [["", "<PLACE> <KEY>"], [], "known"],
  [[], ["<PLACE> <KEY>"], "known"],
  [["<PLACE> <OTHER>"], ["<PLACE> <KEY>"], "known"],
  [["<PLACE> <KEY>"], ["@revoked * <KEY>"], "revoked"],
  [[], [], "unknown"],
])(
  "with the user's files %j and the machine's %j the key is %s, as ssh has it",
  async (user, machine, expected) => {
    const userKnownHostsFiles = await Promise.all(user.map(file));
    const globalKnownHostsFiles = await Promise.all(machine.map(file));
    const ours = await verdictOfHostrun({ userKnownHostsFiles, globalKnownHostsFiles }, "127.0.0.1");
    const listed = (paths: readonly string[]): string => (paths.length === 0 ? "/dev/null" : paths.join(" "));
    const options = [
      `UserKnownHostsFile=${listed(userKnownHostsFiles)}`,
      `GlobalKnownHostsFile=${listed(globalKnownHostsFiles)}`,
    ];
    expect([ours, await verdictOfSsh(options, "127.0.0.1")]).toEqual([expected, expected]);
  },
);

async function krl(...publicKeys: readonly string[]): Promise<string> {
  const list = await file(publicKeys.join("\n"));
  await run("ssh-keygen", ["-q", "-k", "-f", `${list}.krl`, list]);
  return `${list}.krl`;
}

test.each<[string, () => Promise<string>, Kind]>([
  ["lists this key", () => file("# gone\n\n<OTHER>\n<KEY> why\n"), "revoked"],
  ["lists another key", () => file("<OTHER>\n"), "known"],
  ["is empty", () => file(""), "known"],
  ["is no list", () => file("nonsense\n<KEY>\n"), "unverifiable"],
  ["is missing", () => Promise.resolve(directory.join("missing")), "unverifiable"],
  ["is a KRL with this key", () => krl(key), "revoked"],
  ["is a KRL with another key", () => krl(words(other.publicKey)), "known"],
])("with RevokedHostKeys that %s the known key is judged as ssh does", async (_what, make, expected) => {
  const path = await file("<PLACE> <KEY>");
  const revokedHostKeys = await make();
  const ours = await verdictOfHostrun({ userKnownHostsFiles: [path], revokedHostKeys }, "127.0.0.1");
  const options = [
    `UserKnownHostsFile=${path}`,
    "GlobalKnownHostsFile=none",
    `RevokedHostKeys=${revokedHostKeys}`,
  ];
  expect([ours, await verdictOfSsh(options, "127.0.0.1")]).toEqual([expected, expected]);
});

test.each<[string, string, Kind]>([
  ["prints the key", 'echo "$1 <KEY>"', "known"],
  ["prints another key", 'echo "$1 <OTHER>"', "changed"],
  ["prints the key that it is given", 'echo "$1 $3 $5"', "known"],
  ["prints another host's key", 'echo "web2 <KEY>"', "unknown"],
  ["revokes the key", 'echo "@revoked $1 <KEY>"; echo "$1 <KEY>"', "revoked"],
  ["knows the key's fingerprint", 'test "$2" = ORDER || test "$4" = <FP> && echo "$1 <KEY>"', "known"],
  ["fails", "exit 3", "unverifiable"],
  ["gets its arguments in one piece", 'test "$6" = "a b%" && echo "$1 <KEY>"', "known"],
])("with a KnownHostsCommand that %s the key is judged as ssh does", async (_what, script, expected) => {
  const path = await file(`#!/bin/sh\n${script.replace("<FP>", sshd.hostKeys[0]?.fingerprint ?? "")}\n`);
  await chmod(path, 0o755);
  const knownHostsCommand = `${path} %H %I %t %f %K "a b%%"`;
  const ours = await verdictOfHostrun({ userKnownHostsFiles: [], knownHostsCommand }, "127.0.0.1");
  const options = [
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=none",
    `KnownHostsCommand=${knownHostsCommand}`,
  ];
  expect([ours, await verdictOfSsh(options, "127.0.0.1")]).toEqual([expected, expected]);
});
