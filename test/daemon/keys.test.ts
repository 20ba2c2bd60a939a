import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDaemon, type TestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";
import { problemOf } from "../support/http.ts";
import { hostOf, knowHosts, openStream } from "../support/hosted-daemon.ts";
import { containing } from "../support/matching.ts";
import { RunReading } from "../support/run-stream.ts";
import { openAgent } from "../support/ssh-agent.ts";
import { createKey, fingerprintOf } from "../support/ssh-key.ts";
import { openSshd } from "../support/sshd.ts";

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
let daemon: TestDaemon;
/** What each ssh-keygen that the daemon started was given. */
let seen: () => Promise<string>;

beforeAll(async () => {
  const directory = stack.use(await openDirectory());
  const { stdout: real } = await run("which", ["ssh-keygen"]);
  const wrapper = directory.join("ssh-keygen");
  const script = `#!/bin/sh\n{ tr "\\0" " " </proc/$$/cmdline; env; } >>${directory.join("seen")}\nexec ${real.trim()} "$@"\n`;
  await writeFile(wrapper, script);
  await chmod(wrapper, 0o755);
  seen = () => readFile(directory.join("seen"), "utf8");
  const PATH = `${directory.path}:${process.env["PATH"]}`;
  daemon = stack.use(await openTestDaemon({ environment: { PATH } }));
});
afterAll(() => stack.disposeAsync());

const inSsh = (name: string): string => join(daemon.home, ".ssh", name);

test("a key is made with the right modes, encrypted with a passphrase that no process was given as an argument", async () => {
  const passphrase = "y canary-7f3a $(id) ü";
  const body = { name: "id_work", passphrase, comment: "for work" };
  const made = await daemon.client.call("createKey", { body });
  const fingerprint = await fingerprintOf(inSsh("id_work.pub"));
  expect(made).toMatchObject({
    type: "ssh-ed25519",
    bits: 256,
    fingerprint,
    comment: "for work",
    path: inSsh("id_work"),
    inAgent: false,
    encrypted: true,
  });
  expect(made.publicKey).toBe((await readFile(inSsh("id_work.pub"), "utf8")).trim());
  expect((await stat(inSsh(""))).mode & 0o777).toBe(0o700);
  expect((await stat(inSsh("id_work"))).mode & 0o777).toBe(0o600);
  const opened = await run("ssh-keygen", ["-y", "-P", passphrase, "-f", inSsh("id_work")]);
  expect(opened.stdout.trim()).toBe(made.publicKey);
  const given = await seen();
  expect(given).toContain("-t ed25519");
  expect(given).not.toContain("canary-7f3a");
  expect(await readFile(join(daemon.stateDirectory, "daemon.log"), "utf8")).not.toContain("canary-7f3a");
  expect(await daemon.client.call("getKey", { params: { key: made.id } })).toEqual(made);
});

test("no file is written over, whatever the passphrase would answer, and nothing is left behind", async () => {
  await mkdir(inSsh(""), { recursive: true });
  for (const taken of ["id_taken", "id_half.pub"]) await writeFile(inSsh(taken), "mine");
  const before = await readdir(inSsh(""));
  for (const name of ["id_taken", "id_half"]) {
    const making = daemon.client.call("createKey", { body: { name, passphrase: "yes" } });
    expect(await problemOf(making)).toMatchObject({ code: "conflict", message: containing(name) });
  }
  expect(await readdir(inSsh(""))).toEqual(before);
  for (const taken of ["id_taken", "id_half.pub"]) expect(await readFile(inSsh(taken), "utf8")).toBe("mine");
});

test.each(["../id", "-id", ".id", "a/b", "", "x.pub", "a\nb", "~"])("no key is made as %j", async (name) => {
  const making = daemon.client.call("createKey", { body: { name } });
  expect((await problemOf(making)).code).toBe("invalid_request");
});

test("the setting defaultKeyType decides where nothing is said", async () => {
  await daemon.client.call("updateSettings", { body: { defaultKeyType: "ecdsa" } });
  const made = await daemon.client.call("createKey", { body: {} });
  expect(made).toMatchObject({
    type: "ecdsa-sha2-nistp256",
    bits: 256,
    path: inSsh("id_ecdsa"),
    encrypted: false,
  });
  await daemon.client.call("updateSettings", { body: { defaultKeyType: "ed25519" } });
});

test("files and agent are listed together, each key once", async () => {
  await using own = await openTestDaemon();
  await using agent = await openAgent();
  await using elsewhere = await openDirectory();
  const at = (name: string): string => join(own.home, ".ssh", name);
  await mkdir(at(""), { recursive: true });
  const plain = await createKey(at("id_plain"));
  const rsa = await createKey(at("id_secret"), "rsa", "a passphrase", 3072);
  const outside = await createKey(elsewhere.join("outside"), "ecdsa");
  const lone = await createKey(elsewhere.join("lone"));
  await writeFile(at("lone.pub"), `${lone.publicKey}\n`);
  await writeFile(at("notes.txt"), "nothing");
  await writeFile(at("known_hosts"), `web1 ${plain.publicKey}\n`);
  await agent.add(plain);
  await agent.add(outside);
  const { items } = await own.client.call("listKeys", { query: { agentSocket: agent.socket } });
  const found = items.map(({ path, fingerprint, bits, inAgent, encrypted }) => {
    return [path, fingerprint, bits, inAgent, encrypted];
  });
  expect(found).toEqual([
    [at("id_plain"), plain.fingerprint, 256, true, false],
    [at("id_secret"), rsa.fingerprint, 3072, false, true],
    [at("lone.pub"), lone.fingerprint, 256, false, null],
    [null, outside.fingerprint, 256, true, null],
  ]);
  expect(items.map(({ comment }) => comment)).toEqual([
    "test-ed25519",
    "test-rsa",
    "test-ed25519",
    "test-ecdsa",
  ]);
  expect(JSON.stringify(items)).not.toContain("PRIVATE");
  const withoutAgent = await own.client.call("listKeys", { query: {} });
  expect(withoutAgent.items).toHaveLength(3);
});

test("a key is installed once on an account with odd start files, and logs in from then on", async () => {
  await using home = await openDirectory();
  const start = ["echo hostrun-key:odd", "read -r swallowed", "alias mkdir=false cd=false", "set -u", "cd /"];
  await writeFile(home.join(".bashrc"), `touch ${home.join("started")}\n${start.join("\n")}\n`);
  await using sshd = await openSshd({ options: { SetEnv: `HOME=${home.path}` } });
  await knowHosts(daemon.home, sshd.knownHosts);
  await daemon.client.call("createHost", { body: { ...hostOf(sshd), name: "odd" } });
  const made = await daemon.client.call("createKey", { body: { name: "id_odd" } });
  const params = { key: made.id };
  const first = await daemon.client.call("installKey", { params, body: { host: "odd" } });
  const login = `${sshd.user}@127.0.0.1:${sshd.port}`;
  expect(first).toEqual({ host: "odd", login, fingerprint: made.fingerprint, added: true });
  await stat(home.join("started"));
  expect((await daemon.client.call("installKey", { params, body: { host: "odd" } })).added).toBe(false);
  const authorized = await readFile(home.join(".ssh/authorized_keys"), "utf8");
  expect(authorized.match(/ssh-ed25519/g)).toHaveLength(1);

  await using second = await openSshd({ options: { AuthorizedKeysFile: home.join(".ssh/authorized_keys") } });
  await knowHosts(daemon.home, second.knownHosts);
  const host = { ...hostOf(second), name: "keyed", identityFile: inSsh("id_odd") };
  await daemon.client.call("createHost", { body: host });
  const reading = await new RunReading().follow(await openStream(daemon, "echo in", { host: "keyed" }));
  expect(reading.text()).toBe("in\n");
});

test("an account that runs a command of its own is told with the line to add by hand", async () => {
  await using sshd = await openSshd({ options: { ForceCommand: "echo no" } });
  await knowHosts(daemon.home, sshd.knownHosts);
  await daemon.client.call("createHost", { body: { ...hostOf(sshd), name: "forced" } });
  const made = await daemon.client.call("createKey", { body: { name: "id_forced" } });
  const installing = daemon.client.call("installKey", { params: { key: made.id }, body: { host: "forced" } });
  expect(await problemOf(installing)).toMatchObject({
    code: "key_not_installed",
    message: containing(made.publicKey.split(" ")[1] ?? ""),
  });
});

test("a key or a host that is not there is told", async () => {
  const nobody = daemon.client.call("installKey", { params: { key: "0".repeat(16) }, body: { host: "odd" } });
  expect((await problemOf(nobody)).code).toBe("not_found");
});

test("where ssh-keygen fails, its reason is told", async () => {
  await using directory = await openDirectory();
  await writeFile(directory.join("ssh-keygen"), "#!/bin/sh\necho no entropy >&2\nexit 1\n");
  await chmod(directory.join("ssh-keygen"), 0o755);
  await using failing = await openTestDaemon({ environment: { PATH: directory.path } });
  const making = failing.client.call("createKey", { body: {} });
  expect(await problemOf(making)).toMatchObject({ code: "key_not_made", message: containing("no entropy") });
});
