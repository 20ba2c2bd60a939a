import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { type HostOverlay, noOverlay } from "../../../../daemon/hosts/host-overlay.ts";
import type { StoredHost } from "../../../../daemon/hosts/host-store.ts";
import { createResolution } from "../../../../daemon/hosts/resolution.ts";
import { type Host, Host as HostSchema } from "../../../../protocol/host.ts";
import { type LookupOptions, openLookup } from "../../../support/host-lookup.ts";
import { containing } from "../../../support/matching.ts";

const at = "2026-01-01T00:00:00.000Z";
let lastId = 0;
function host(name: string, fields: Partial<Host> = {}): StoredHost {
  lastId += 1;
  const plain = { user: null, identityFile: null, jump: [], group: null, tags: [], color: null };
  const flags = {
    production: false,
    favorite: false,
    loginShell: false,
    hostKeyPolicy: null,
    transport: "auto",
    worker: "auto",
    legacyAlgorithms: false,
  };
  const rest = { port: 22, source: "manual", createdAt: at, updatedAt: at };
  const id = lastId;
  const parsed = HostSchema.omit({ configAt: true }).parse({
    id,
    name,
    address: `${name}.example`,
    ...plain,
    ...flags,
    ...rest,
    ...fields,
  });
  return { ...parsed, id, createdAt: at, updatedAt: at };
}

async function openResolution(config: string, options: LookupOptions = {}) {
  const settings = { defaultUser: "deploy", hostKeyPolicy: "strict", ...options.settings } as const;
  const found = await openLookup({ files: { ".ssh/config": config }, ...options, settings });
  return { ...found, resolve: createResolution(found.lookup) };
}

test("a saved host is found by name and id, with the settings for what nothing says", async () => {
  const web = host("web", { identityFile: "~/keys/web", port: 2222 });
  const own = host("own", { user: "root", hostKeyPolicy: "ask" });
  await using hosts = await openResolution("", { stored: [web, own] });
  const expected = {
    address: "web.example",
    port: 2222,
    user: "deploy",
    identityFiles: [`${hosts.home}/keys/web`],
    hostKeyPolicy: "strict",
    jump: [],
  };
  expect((await hosts.resolve("web")).target).toMatchObject(expected);
  expect((await hosts.resolve(web.id)).target).toMatchObject(expected);
  expect((await hosts.resolve("own")).target).toMatchObject({ user: "root", hostKeyPolicy: "ask" });
});

test("a saved host goes before what the SSH config says, and takes from it what it does not set", async () => {
  const both = host("both", { address: "10.0.0.7" });
  const other = host("other", { address: "10.0.0.8", user: "own", identityFile: "/k/own", jump: ["gate"] });
  const nested = host("nested", { address: "only" });
  await using hosts = await openResolution(
    [
      "Host both only",
      " HostName from.config",
      " User cfg",
      " IdentityFile /k/one",
      " IdentityFile /k/two",
      "Match host 10.0.0.*",
      " ProxyCommand nc %h %p",
      " StrictHostKeyChecking accept-new",
      " HostKeyAlias alias",
      "Host *",
      " IdentitiesOnly yes",
    ].join("\n"),
    { stored: [both, other, nested] },
  );
  expect((await hosts.resolve("both")).target).toMatchObject({
    address: "10.0.0.7",
    user: "cfg",
    identityFiles: ["/k/one", "/k/two"],
    identitiesOnly: true,
    hostKeyPolicy: "acceptNew",
    settings: { proxyCommand: "nc 10.0.0.7 22", trust: { hostKeyAlias: "alias" } },
  });
  // It has a way of its own.
  expect((await hosts.resolve("other")).target).toMatchObject({
    user: "own",
    identityFiles: ["/k/own"],
    settings: { proxyCommand: null, trust: { hostKeyAlias: "alias" } },
    jump: [{ address: "gate" }],
  });
  expect((await hosts.resolve("nested")).target).toMatchObject({ name: "nested", address: "from.config" });
  expect((await hosts.resolve("only")).host).toEqual({ id: null, name: "only", address: "from.config" });
});

test("an imported host keeps all its keys, also when its file is gone, and takes the rest from it", async () => {
  await using directory = await openLookup();
  const path = `${directory.home}/other-config`;
  const imported = {
    name: "db",
    path,
    identityFiles: ["/k/a", "/k/b"],
    identitiesOnly: true,
  };
  const fields = { address: "10.0.0.9", identityFile: "/k/a", imported };
  const stored = [host("renamed", fields), host("rekeyed", { ...fields, identityFile: "/k/new" })];
  await using hosts = await openResolution("", { stored });
  await directory.write("other-config", "Host db\n ProxyCommand nc %h %p\n");
  const keys = { identityFiles: ["/k/a", "/k/b"], identitiesOnly: true };
  expect((await hosts.resolve("renamed")).target).toMatchObject({
    ...keys,
    settings: { proxyCommand: "nc 10.0.0.9 22" },
  });
  expect((await hosts.resolve("rekeyed")).target).toMatchObject({ identityFiles: ["/k/new"] });
  await directory.write("other-config", "");
  expect((await hosts.resolve("renamed")).target).toMatchObject(keys);
});

test("a saved host goes on without an SSH config that ssh refuses, and that is told", async () => {
  await using hosts = await openResolution("Host a\n Bogus x\n", { stored: [host("web")] });
  expect((await hosts.resolve("web")).target).toMatchObject({ address: "web.example", user: "deploy" });
  expect(hosts.ignored).toMatchObject([{ message: containing("line 2: Bad configuration option: bogus") }]);
  await expect(hosts.resolve("a")).rejects.toMatchObject({
    code: "invalid_request",
    message: containing(`${hosts.home}/.ssh/config: line 2`),
  });
});

test("without ssh, hosts of the config say so, and saved hosts go on", async () => {
  await using hosts = await openResolution("Host a\n", {
    stored: [host("web")],
    environment: { PATH: "/nowhere" },
  });
  expect((await hosts.resolve("web")).target).toMatchObject({ address: "web.example" });
  await expect(hosts.resolve("a")).rejects.toMatchObject({
    code: "conflict",
    message: containing("There is no `ssh`"),
    members: { reason: "no_ssh" },
  });
});

test("a bastion's own way comes first, and what the jump says goes before what the bastion says", async () => {
  const stored = [
    host("gate", { user: "g", port: 1 }),
    host("middle", { user: "m", jump: ["gate"] }),
    host("inner", { jump: ["x@middle:99", "plain.example:7", "late"] }),
  ];
  await using hosts = await openResolution("Host late\n User l\n ProxyCommand nc %h %p\n", { stored });
  const { jump } = (await hosts.resolve("inner")).target;
  expect(jump.map(({ user, address, port }) => `${user}@${address}:${port}`)).toEqual([
    "g@gate.example:1",
    "x@middle.example:99",
    "deploy@plain.example:7",
    "l@late:22",
  ]);
  // It is reached through the hop before it.
  expect(jump.at(-1)?.settings.proxyCommand).toBeNull();
});

test("a bastion that only ProxyJump names has the values that ssh gives it", async () => {
  await using hosts = await openResolution(
    [
      "Host web",
      " ProxyJump ann@gate1:2200,ssh://bob@gate2:2201",
      "Host gate?",
      " HostName %h.example",
      " IdentityFile /k/%r",
      " StrictHostKeyChecking yes",
      " ServerAliveInterval 7",
      "Match user ann",
      " ProxyCommand nc %h %p",
    ].join("\n"),
  );
  expect((await hosts.resolve("web")).target.jump).toMatchObject([
    {
      name: "gate1",
      address: "gate1.example",
      port: 2200,
      user: "ann",
      identityFiles: ["/k/ann"],
      hostKeyPolicy: "strict",
      settings: { proxyCommand: "nc gate1.example 2200", keepalive: { intervalMs: 7000, countMax: 3 } },
    },
    { name: "gate2", address: "gate2.example", user: "bob", port: 2201, identityFiles: ["/k/bob"] },
  ]);
});

test.each([
  ["itself", [host("a", { jump: ["a"] })], "", "a → a"],
  ["each other", [host("a", { jump: ["b"] }), host("b", { jump: ["a"] })], "", "a → b → a"],
  ["the config", [], "Host a\n ProxyJump u@b:7\nHost b\n ProxyJump a\n", "a → b → a"],
])("a way in a circle through %s is a conflict", async (_what, stored, config, way) => {
  await using hosts = await openResolution(config, { stored });
  await expect(hosts.resolve("a")).rejects.toMatchObject({
    code: "conflict",
    message: containing(`loop: ${way}. Change`),
  });
});

test("a bastion of every host, itself included, is what ssh refuses", async () => {
  await using hosts = await openResolution("Host *\n ProxyJump b\nHost a\n");
  await expect(hosts.resolve("a")).rejects.toMatchObject({ message: containing("jumphost loop via b") });
});

test("legacy algorithms are for a host that is allowed them, and not for its bastion", async () => {
  const old = host("old", { legacyAlgorithms: true, jump: ["bastion"] });
  await using hosts = await openResolution("", { stored: [old, host("bastion"), host("new")] });
  const { target } = await hosts.resolve("old");
  expect(target.settings.algorithms.ciphers).toContain("3des-cbc");
  expect(target.jump[0]?.settings.algorithms.ciphers).toEqual([]);
  expect((await hosts.resolve("new")).target.settings.algorithms.ciphers).toEqual([]);
});

test("what was set of a host of the configuration holds for it, however it is named, and not for a saved one", async () => {
  const how = { loginShell: true, transport: "openssh", worker: "off", legacyAlgorithms: true } as const;
  const set: HostOverlay = { ...noOverlay, ...how };
  await using hosts = await openResolution("Host old new\nHost behind\n ProxyJump ann@old\nHost saved\n", {
    stored: [host("saved")],
    overlays: { old: set, saved: set },
  });
  for (const name of ["old", "ann@old", "old:2200"]) {
    const { target, loginShell, worker } = await hosts.resolve(name);
    expect([loginShell, worker, target.settings.transport], name).toEqual([true, "off", "openssh"]);
    expect(target.settings.algorithms.ciphers).toContain("3des-cbc");
  }
  const { target, loginShell } = await hosts.resolve("behind");
  expect([loginShell, target.settings.transport]).toEqual([false, "auto"]);
  expect(target.jump[0]?.settings.transport).toBe("openssh");
  for (const name of ["new", "saved"]) {
    const other = await hosts.resolve(name);
    const { loginShell: shell, worker, target: place } = other;
    expect([shell, worker, place.settings.transport], name).toEqual([false, "auto", "auto"]);
    expect(other.target.settings.algorithms.ciphers).toEqual([]);
  }
});

test.each([
  ["-oProxyCommand=x", "has a host that must not begin with a dash"],
  ["a b", "has a host that must not contain spaces or control characters"],
  ["user@host:99999", "must have a port from 1 to 65535"],
  ["user@-x", "has a host that must not begin with a dash"],
])("%s is no destination, and why not is said", async (name, why) => {
  await using hosts = await openResolution("Host *\n User all\n");
  const issues = [{ path: "host", message: why }];
  const members = { issues };
  const message = `${name} ${why}.`;
  await expect(hosts.resolve(name)).rejects.toMatchObject({ code: "invalid_request", message, members });
});

test("who is not there is host_unknown", async () => {
  await using hosts = await openResolution("Host *\n User all\n");
  for (const name of ["nobody", "example.org", 7]) {
    await expect(hosts.resolve(name)).rejects.toMatchObject({ code: "host_unknown" });
  }
});

test.each([
  ["web1.example", { address: "web1.example", user: "pattern" }],
  ["original", { address: "10.0.0.1", user: "matched" }],
  ["nas", { address: "nas", user: "deploy" }],
  ["10.0.0.5", { address: "10.0.0.5", port: 22 }],
  ["::1", { address: "::1" }],
  ["ann@dom@web1.example", { address: "web1.example", user: "ann@dom" }],
  ["ssh://u@h:2200", { address: "h", user: "u", port: 2200 }],
  ["[::1]:2200", { address: "::1", port: 2200 }],
  ["ann@[::1]:2200", { address: "::1", port: 2200, user: "ann" }],
  ["anywhere:2200", { address: "anywhere", port: 2200 }],
])("what ssh takes as a destination is one: %s", async (name, expected) => {
  await using hosts = await openResolution(
    "Host *.example\n User pattern\nMatch originalhost original\n User matched\n HostName 10.0.0.1\n",
    { resolvable: ["nas"] },
  );
  const { target, host: shown } = await hosts.resolve(name);
  expect(target).toMatchObject({ name, ...expected });
  expect(shown).toEqual({ id: null, name, address: target.address });
});

test("a default of Hostrun's holds where no line names the user or the port", async () => {
  const me = userInfo().username;
  await using hosts = await openResolution(
    `Host a\nHost b\n User ${me}\n Port ssh\nMatch user ${me} host c\n Port 7\n`,
    {
      settings: { defaultPort: 2022 },
    },
  );
  const { target } = await hosts.resolve("a:23");
  expect(target).toMatchObject({ port: 23 });
  await using without = await openResolution("Host a\nHost c\n HostKeyAlias %n\n", {
    settings: { defaultPort: 2022 },
  });
  expect((await without.resolve("a")).target).toMatchObject({ user: "deploy", port: 2022 });
  // Where a line may name it, ssh's word counts.
  expect((await hosts.resolve("b")).target).toMatchObject({ user: me, port: 22 });
});

test("of a saved host a destination takes all but the user and the port", async () => {
  const web = host("web", { identityFile: "/k/web", address: "10.0.0.7", jump: ["me@bastion"] });
  await using hosts = await openResolution("", { stored: [web] });
  const { target, host: shown } = await hosts.resolve("root@web");
  expect(target).toMatchObject({ address: "10.0.0.7", user: "root", port: 22, identityFiles: ["/k/web"] });
  expect(target.jump).toHaveLength(1);
  expect(shown).toMatchObject({ id: web.id, name: "root@web" });
});
