import { expect, test } from "vitest";
import { createResolution } from "../../../../daemon/hosts/resolution.ts";
import { type Host, Host as HostSchema } from "../../../../protocol/host.ts";
import { defaultSettings } from "../../../../protocol/settings.ts";
import { parseSshConfig } from "../../../support/ssh-config.ts";

const at = "2026-01-01T00:00:00.000Z";
let lastId = 0;
function host(name: string, fields: Partial<Host> = {}): Host {
  lastId += 1;
  const plain = { user: null, identityFile: null, jump: [], group: null, tags: [], color: null };
  const flags = { production: false, loginShell: false, hostKeyPolicy: null, transport: "auto" };
  const rest = { port: 22, source: "manual", createdAt: at, updatedAt: at };
  return HostSchema.parse({
    id: lastId,
    name,
    address: `${name}.example`,
    ...plain,
    ...flags,
    ...rest,
    ...fields,
  });
}

function resolver(hosts: Host[], config = "") {
  const parsed = parseSshConfig(config);
  return createResolution({
    stored: (key) => hosts.find(({ id, name }) => id === key || name === key),
    configured: async (alias) => {
      const { aliases, host: hostOf } = await parsed;
      return aliases.has(alias) ? hostOf(alias) : undefined;
    },
    matching: async (name) => (await parsed).host(name),
    settings: () => ({ ...defaultSettings, defaultUser: "deploy", hostKeyPolicy: "strict" }),
    home: "/home/me",
    localUser: "me",
  });
}

test("a saved host is found by name and id, with the settings for what it does not say", async () => {
  const web = host("web", { identityFile: "~/keys/web", port: 2222 });
  const resolve = resolver([web, host("own", { user: "root", hostKeyPolicy: "ask" })]);
  const expected = {
    address: "web.example",
    port: 2222,
    user: "deploy",
    identityFiles: ["/home/me/keys/web"],
    hostKeyPolicy: "strict",
    jump: [],
  };
  expect((await resolve("web")).target).toMatchObject(expected);
  expect((await resolve(web.id ?? 0)).target).toMatchObject(expected);
  expect((await resolve("own")).target).toMatchObject({ user: "root", hostKeyPolicy: "ask" });
});

test("a saved host goes before one of the SSH config", async () => {
  const resolve = resolver([host("both")], "Host both only\n HostName from.config\n User cfg\n");
  expect((await resolve("both")).target.address).toBe("both.example");
  expect((await resolve("only")).target).toMatchObject({ address: "from.config", user: "cfg" });
  expect((await resolve("only")).host).toEqual({ id: null, name: "only", address: "from.config" });
});

test("a bastion's own way comes first, and what the jump says goes before what the bastion says", async () => {
  const hosts = [
    host("gate", { user: "g", port: 1 }),
    host("middle", { user: "m", jump: ["gate"] }),
    host("inner", { jump: ["x@middle:99", "plain.example:7"] }),
  ];
  const { jump } = (await resolver(hosts)("inner")).target;
  expect(jump.map(({ user, address, port }) => `${user}@${address}:${port}`)).toEqual([
    "g@gate.example:1",
    "x@middle.example:99",
    "deploy@plain.example:7",
  ]);
});

test.each([
  ["itself", [host("a", { jump: ["a"] })], "a → a"],
  ["each other", [host("a", { jump: ["b"] }), host("b", { jump: ["a"] })], "a → b → a"],
])("a way in a circle through %s is a conflict", async (_what, hosts, way) => {
  const resolve = resolver(hosts);
  await expect(resolve("a")).rejects.toMatchObject({ code: "conflict" });
  await expect(resolve("a")).rejects.toThrow(way);
});

test("who is not there is host_unknown", async () => {
  const resolve = resolver([]);
  for (const name of ["nobody", 7]) {
    await expect(resolve(name)).rejects.toMatchObject({ code: "host_unknown" });
  }
});

test("what nobody saved is reached as ssh does, by the user or the port that it names", async () => {
  const resolve = resolver(
    [],
    "Host *\n  User nobody\n  IdentityFile ~/keys/all\nHost web1\n  HostName 10.0.0.1\n",
  );
  const { target, host: shown } = await resolve("ann@example.org:2200");
  expect(target).toMatchObject({ address: "example.org", user: "ann", port: 2200 });
  expect(target.identityFiles).toEqual(["/home/me/keys/all"]);
  expect(shown).toEqual({ id: null, name: "ann@example.org:2200", address: "example.org" });
  expect((await resolve("example.org:2200")).target).toMatchObject({ user: "nobody", port: 2200 });
  expect((await resolve("ann@web1")).target).toMatchObject({ user: "ann", port: 22, address: "10.0.0.1" });
  expect((await resolve("ann@[::1]:2200")).target).toMatchObject({ address: "::1", port: 2200 });
  await expect(resolve("example.org")).rejects.toMatchObject({ code: "host_unknown" });
});

test("of a saved host a destination takes all but the user and the port", async () => {
  const web = host("web", { identityFile: "~/keys/web", address: "10.0.0.7", jump: ["me@bastion"] });
  const { target, host: shown } = await resolver([web])("root@web");
  expect(target).toMatchObject({
    address: "10.0.0.7",
    user: "root",
    port: 22,
    identityFiles: ["/home/me/keys/web"],
  });
  expect(target.jump).toHaveLength(1);
  expect(shown).toMatchObject({ id: web.id, name: "root@web" });
});
