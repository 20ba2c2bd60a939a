import { execFile } from "node:child_process";
import { chmod, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import type { EffectiveValues } from "../../protocol/host.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { problemOf } from "../support/http.ts";
import { containing } from "../support/matching.ts";
import { type ConfigCase, configCorpus } from "../support/ssh-config-corpus.ts";

await using stack = new AsyncDisposableStack();
const environment = { CORPUS_AGENT: "/run/corpus" };
const daemon = stack.use(await openTestDaemon({ environment }));
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const { client } = daemon;
const ssh = join(daemon.home, ".ssh");

async function configure(config: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
  await rm(ssh, { recursive: true, force: true });
  for (const [name, text] of Object.entries({ config, ...files })) {
    await mkdir(dirname(join(ssh, name)), { recursive: true });
    await writeFile(join(ssh, name), text);
  }
}

const hostNamed = (host: string) => client.call("getHost", { params: { host } });

/** The options of which Hostrun's values are ssh's very words. */
const plainOptions = ["hostname", "user", "port", "addressfamily", "compression", "identitiesonly"];

function plainValues(effective: EffectiveValues | undefined): Record<string, unknown> {
  const { address, user, port, addressFamily, compression, identitiesOnly } = effective ?? {};
  const yes = (value: boolean | undefined): string => (value === true ? "yes" : "no");
  const values = [address, user, String(port), addressFamily, yes(compression), yes(identitiesOnly)];
  return Object.fromEntries(plainOptions.map((option, index) => [option, values[index]]));
}

/** What ssh itself prints of a name, asked here and not by Hostrun. */
async function printedBySsh(name: string): Promise<Record<string, unknown>> {
  const [, user, host = name, port] = /^(?:(.*)@)?([^:]*)(?::(.*))?$/.exec(name) ?? [];
  const given = [...(user === undefined ? [] : ["-l", user]), ...(port === undefined ? [] : ["-p", port])];
  const args = ["-F", join(ssh, "config"), "-G", ...given, "--", host];
  const { stdout } = await promisify(execFile)("ssh", args, {
    env: { ...process.env, ...environment, HOME: daemon.home },
  });
  const lines = stdout
    .split("\n")
    .map((line): [string, string] => [line.split(" ")[0] ?? "", line.replace(/^\S+ ?/, "")]);
  return Object.fromEntries(lines.filter(([option]) => plainOptions.includes(option)));
}

describe("of a configuration with", () => {
  test.each(configCorpus.map((each): [string, ConfigCase] => [each.what, each]))(
    "%s",
    async (_what, { config, name = "web", expected, files = {}, relative, told = [] }) => {
      const fill = (text: string): string =>
        text.replaceAll("DIR", ssh).replaceAll("WHOAMI", userInfo().username);
      await configure(fill(config), files);
      const { effective, notHonoured } = await hostNamed(name);
      expect(effective).toMatchObject(JSON.parse(fill(JSON.stringify(expected))));
      expect(notHonoured?.map(({ option }) => option).sort()).toEqual([...told]);
      if (relative === true) return;
      expect(plainValues(effective)).toEqual(await printedBySsh(name));
    },
  );

  test("more than eighty cases", () => {
    expect(configCorpus.length).toBeGreaterThan(80);
  });
});

test("a host that is saved without a port has the one that ssh would use for it", async () => {
  await configure("Host web alias\n Port 2201\nHost *.example.org\n Port 2202\n");
  const saved = async (name: string, address: string, port?: number) => {
    const body = { name, address, ...(port === undefined ? {} : { port }) };
    const host = await client.call("createHost", { body });
    await client.call("deleteHost", { params: { host: name } });
    return host.port;
  };
  expect(await saved("web", "10.0.0.5")).toBe(2201);
  expect(await saved("other", "alias")).toBe(2201);
  expect(await saved("third", "a.example.org")).toBe(2202);
  expect(await saved("fourth", "10.0.0.5")).toBe(22);
  expect(await saved("web", "alias", 22)).toBe(22);
  await configure("Bogus\n");
  expect(await saved("fifth", "10.0.0.5")).toBe(22);
});

test.each([
  [
    "a keyword that ssh does not know",
    "Host good\nHost web\n Bogus x\n",
    "line 3: Bad configuration option: bogus",
  ],
  ["a quote that is not closed", 'Host web\n HostName "10.0.0.5\n', "line 2"],
  ["a port without its number", "Host web\n Port\n", "line 2"],
  ["a port that is none", "Host web\n Port 99999\n", "line 2"],
  ["a jump that is none", "Host web\n ProxyJump @\n", "line 2"],
  ["a token that is none", "Host web\n IdentityFile /k/%z\n", "it knows no %z"],
  ["a variable that is not set", "Host web\n IdentityFile ${CORPUS_UNSET}/k\n", "${CORPUS_UNSET} is not set"],
])("%s is told with its line, and saved hosts go on", async (_what, config, why) => {
  await configure(config);
  await client.call("createHost", { body: { name: "saved", address: "10.0.0.1" } });
  const problem = await problemOf(hostNamed("web"));
  expect(problem).toMatchObject({ code: "invalid_request", message: containing(why) });
  const { items, problems } = await client.call("listHosts");
  const saved = await hostNamed("saved");
  await client.call("deleteHost", { params: { host: "saved" } });
  expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(["saved", "web"]));
  expect(problems).toMatchObject([{ detail: containing(why) }]);
  expect(saved).toMatchObject({ address: "10.0.0.1" });
});

test("a bad line of an included file is told by that file's own name", async () => {
  await configure("Include d/*\nHost web\n", { "d/a": "Include ~/.ssh/more\n", more: "\nBogus x\n" });
  const problem = await problemOf(hostNamed("web"));
  expect(problem.message).toContain(`${ssh}/more: line 2: Bad configuration option: bogus`);
});

test("a word of a Host line that no host can be called means nobody, as to ssh, and is told", async () => {
  await configure("Host a,b c\n Port 7\n");
  const { items, problems } = await client.call("listHosts");
  expect(items).toMatchObject([{ name: "c", port: 7 }]);
  expect(problems).toMatchObject([{ detail: containing(`"a,b" (${ssh}/config, line 1)`) }]);
  expect((await problemOf(hostNamed("a"))).code).toBe("host_unknown");
  const body = { source: "ssh_config", dryRun: true } as const;
  const { imported, skipped } = await client.call("importHosts", { body });
  expect(imported).toMatchObject([{ name: "c" }]);
  expect(skipped).toEqual([{ name: "a,b", reason: "its name must not contain shell metacharacters" }]);
});

test("a line that only one host cannot use costs no other", async () => {
  await configure("Host bad\n HostName $(id)\nHost good\n Port 7\n");
  const { items, problems } = await client.call("listHosts");
  expect(items).toMatchObject([
    { name: "bad", unresolved: true },
    { name: "good", port: 7 },
  ]);
  expect(problems).toMatchObject([{ detail: containing(`${ssh}/config line 2`) }]);
});

test("jump hosts that lead in a circle are told with the list, and hosts without one are not named", async () => {
  await configure(
    "Host a\n ProxyJump b\nHost b\n ProxyJump a:22\nHost on\n ProxyJump u@a\nHost good\n ProxyJump bastion\n",
  );
  const { problems } = await client.call("listHosts");
  expect(problems).toMatchObject([
    { code: "conflict", detail: containing("none of them can be reached: a, b, on (a → b → a).") },
  ]);
});

describe("what could be a command", () => {
  const canary = join(daemon.home, "canary");
  const commands = [
    `-oProxyCommand=touch\${IFS}${canary}`,
    `$(touch ${canary})`,
    `\`touch ${canary}\``,
    `x|touch ${canary}`,
    `x;touch ${canary}`,
    `x\ntouch ${canary}`,
    `x\0y`,
  ];
  const inConfig = commands
    .filter((text) => !/[\n\0]/.test(text))
    .map((text) => text.replace("touch ", "touch${IFS}"));

  const options = ["HostName", "User", "ProxyJump", "HostKeyAlias", "Port"];
  // By the transport that the host has without more, and by the system's ssh.
  const transports = ["", "PKCS11Provider /nonexistent.so"];
  test.each(
    options.flatMap((option) =>
      transports.flatMap((more) => inConfig.map((text) => [option, text, more] as const)),
    ),
  )(
    "as a %s of the configuration is refused by its file and line, and never run: %s %s",
    async (option, text, more) => {
      const last = `Match originalhost web\n ProxyCommand true %h %r %k\n ${more}\n`;
      await configure(`Host web\n ${option} "${text}"\n${last}`);
      const refused = await daemon.http.ask("POST", "/api/runs", { json: { host: "web", command: "true" } });
      expect(refused.status).toBe(400);
      expect(refused.problem()).toMatchObject({
        code: "invalid_request",
        detail: containing(`${ssh}/config`),
      });
      expect(refused.problem().detail).toMatch(/line 2/);
      await expect(stat(canary)).rejects.toThrow("ENOENT");
    },
  );

  test.each(["HostName", "User"].flatMap((option) => inConfig.map((text) => [option, text] as const)))(
    "as a %s of a bastion is refused by its file and line, and never run: %s",
    async (option, text) => {
      await configure(`Host gate\n ${option} "${text}"\nHost web\n ProxyJump 127.0.0.9,gate\n`);
      const refused = await daemon.http.ask("POST", "/api/runs", { json: { host: "web", command: "true" } });
      expect(refused.problem()).toMatchObject({
        code: "invalid_request",
        detail: containing(`${ssh}/config line 2`),
      });
      await expect(stat(canary)).rejects.toThrow("ENOENT");
    },
  );

  test.each(commands)("is no name of a host, a user, a jump or an address: %j", async (text) => {
    await configure("Host *\n ProxyCommand true %h %r\n");
    for (const host of [text, `${text}@web`, `web@${text}`]) {
      const run = await daemon.http.ask("POST", "/api/runs", { json: { host, command: "true" } });
      expect([400, 404]).toContain(run.status);
      expect((await daemon.http.ask("GET", `/api/hosts/${encodeURIComponent(host)}`)).status).toBeGreaterThan(
        399,
      );
    }
    for (const fields of [{ address: text }, { user: text }, { jump: [text] }, { name: text }]) {
      const made = await daemon.http.ask("POST", "/api/hosts", {
        json: { name: "bad", address: "10.0.0.1", ...fields },
      });
      expect(made.status).toBe(400);
    }
    await expect(stat(canary)).rejects.toThrow("ENOENT");
  });
});

test("a Match exec of the person's own runs for each answer, and ends with its time", async () => {
  const counted = join(daemon.home, "counted");
  await configure(`Match exec "echo %n >> ${counted}; test -e ${counted}-on"\n Port 7\nHost web\n`);
  expect((await hostNamed("web")).port).toBe(22);
  await writeFile(`${counted}-on`, "");
  expect((await hostNamed("web")).port).toBe(7);
  // The list runs nothing for hosts that nobody asked for.
  await rm(counted);
  expect((await client.call("listHosts")).items).toMatchObject([{ name: "web", unresolved: true }]);
  await expect(stat(counted)).rejects.toThrow("ENOENT");
});

test("without ssh, hosts of the configuration say so, and saved hosts are there", async () => {
  const home = join(daemon.home, "without-ssh");
  await mkdir(join(home, ".ssh"), { recursive: true });
  await writeFile(join(home, ".ssh/config"), "Host web\n");
  await using without = await openTestDaemon({ home, environment: { PATH: home } });
  await without.client.call("createHost", { body: { name: "saved", address: "10.0.0.1" } });
  const problem = await problemOf(without.client.call("getHost", { params: { host: "web" } }));
  expect(problem).toMatchObject({ code: "conflict", members: { reason: "no_ssh" } });
  const { items, problems } = await without.client.call("listHosts");
  expect(items.map(({ name }) => name)).toEqual(["saved", "web"]);
  expect(problems).toMatchObject([{ reason: "no_ssh" }]);
  expect(await without.client.call("getHost", { params: { host: "saved" } })).toMatchObject({ id: 1 });
});

test("an ssh that says nothing, or without end, keeps nobody waiting for ever", async () => {
  const home = join(daemon.home, "odd-ssh");
  await mkdir(join(home, ".ssh"), { recursive: true });
  await writeFile(join(home, ".ssh/config"), "Host web\n");
  await writeFile(join(home, "ssh"), "#!/bin/sh\nexec yes\n");
  await chmod(join(home, "ssh"), 0o755);
  await using odd = await openTestDaemon({ home, environment: { PATH: `${home}:/usr/bin:/bin` } });
  const problem = await problemOf(odd.client.call("getHost", { params: { host: "web" } }));
  expect(problem.message).toContain("it printed more than 262144 bytes");
});

test("what ssh2 cannot do is left to the system's ssh, and told of a host that is set to ssh2", async () => {
  await configure(
    "Host web\n CASignatureAlgorithms ssh-ed25519\n CertificateFile /k/cert.pub\n Compression yes\n",
  );
  const told = async () => (await hostNamed("own")).notHonoured?.map(({ option }) => option);
  await client.call("createHost", { body: { name: "own", address: "web" } });
  expect(await told()).toEqual(["Compression"]);
  await client.call("updateHost", { params: { host: "own" }, body: { transport: "ssh2" } });
  expect(await told()).toEqual(["Compression", "CASignatureAlgorithms", "CertificateFile"]);
  const refused = await daemon.http.ask("POST", "/api/hosts/own/test", { json: {} });
  expect(refused.problem()).toMatchObject({ code: "conflict", reason: "option_not_honoured" });
  await client.call("updateHost", { params: { host: "own" }, body: { transport: "openssh" } });
  expect(await told()).toEqual([]);
  await client.call("deleteHost", { params: { host: "own" } });
});
