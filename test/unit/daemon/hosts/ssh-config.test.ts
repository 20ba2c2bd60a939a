import * as fc from "fast-check";
import { stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { createSshConfig } from "../../../../daemon/hosts/ssh-config.ts";
import { type ConfigLine, parseConfigLine } from "../../../../daemon/hosts/ssh-config-line.ts";
import { openDirectory } from "../../../support/directory.ts";
import { parseSshConfig as parse } from "../../../support/ssh-config.ts";

test("the first value that holds counts, patterns included", async () => {
  const config = await parse(`
Host web1 web2
  HostName %h.example.net
  Port 2222
Host web?
  Port 1
  User deploy
Host !web1 *
  IdentityFile ~/.ssh/others
Host *
  User nobody
  IdentityFile ~/keys/%r@%h
`);
  expect([...config.aliases.keys()]).toEqual(["web1", "web2"]);
  expect(config.aliases.get("web2")).toEqual({ name: "web2", file: "config", line: 2 });
  expect(config.host("web1")).toMatchObject({
    address: "web1.example.net",
    port: 2222,
    user: "deploy",
    identityFiles: ["/home/me/keys/deploy@web1.example.net"],
  });
  expect(config.host("web2")?.identityFiles).toEqual([
    "/home/me/.ssh/others",
    "/home/me/keys/deploy@web2.example.net",
  ]);
  expect(await config.hosts()).toEqual(["web1", "web2"].map((name) => config.host(name)));
});

test("jumps are taken, the first of ProxyJump and ProxyCommand counts, and `none` is none", async () => {
  const config = await parse(`
Host a
  ProxyJump u@b:22,c
  ProxyCommand nc %h %p
Host d
  ProxyJump none
  ProxyCommand nc %h %p
Host e
  ProxyCommand nc %h %p
  ProxyJump b
`);
  expect(config.host("a")).toMatchObject({ jump: ["u@b:22", "c"], unsupported: undefined });
  expect(config.host("d")).toMatchObject({ jump: [], unsupported: undefined });
  expect(config.host("e")).toMatchObject({ jump: [], unsupported: "ProxyCommand" });
});

test.each([
  ["plain", "User bob", "bob"],
  ["with =", "User=bob", "bob"],
  ["with = and spaces", "\tuSeR  =  bob  ", "bob"],
  ["with a comment", "User bob # or alice", "bob"],
  ["with a # inside", "User bob#1", "bob#1"],
  ["in quotes", 'User "bob" "alice"', "bob"],
  ["in quotes with a space", "IdentityFile '/k/a b'", "/k/a b"],
  ["with an escaped space", "IdentityFile /k/a\\ b", "/k/a b"],
  ["with an escaped quote", 'IdentityFile "/k/a\\"b"', '/k/a"b'],
  ["in parts", 'User b"o"b', "bob"],
  ["with a backslash", "User b\\ob", "b\\ob"],
  ["with a comment behind quotes", "User 'bob' #' or alice", "bob"],
  ["with CRLF", "User bob\r", "bob"],
])("a value %s is read as ssh does", async (_what, line, expected) => {
  const host = (await parse(`Host a\r\n${line}\nUser nobody\nIdentityFile /k/none\n`)).host("a");
  expect(line.includes("User") || line.includes("uSeR") ? host?.user : host?.identityFiles[0]).toBe(expected);
});

test.each([
  ["host web1", true],
  ["host web1.example", false],
  ["host 10.0.0.5", true],
  ["host=10.0.0.*", true],
  ["originalhost web1", true],
  ["originalhost 10.0.0.5", false],
  ["!originalhost web2", true],
  ["!originalhost web1", false],
  ["originalhost *,!web1", false],
  ["user me", false],
  ["user bob localuser me", true],
  ["user bob localuser nobody", false],
  ["all", true],
  ["exec true", false],
  ["!exec false", false],
  ["final all", false],
  ["originalhost", false],
  ["", false],
])("Match %s holds for web1 at 10.0.0.5 as bob: %s", async (criteria, expected) => {
  const way = criteria.includes("web1") && criteria.startsWith("host ") ? "" : " HostName 10.0.0.5\n";
  const config = await parse(`Host web1\n${way} User bob\nMatch ${criteria}\n Port 7\n`);
  expect(config.host("web1")?.port).toBe(expected ? 7 : undefined);
});

test.each([
  ["-x", "Host -x\n HostName h\n"],
  ["a;id", "Host a;id\n HostName h\n"],
  ["a", "Host a\n HostName $(id)\n"],
  ["a", "Host a\n HostName -oProxyCommand=x\n"],
  ["a", "Host a\n User `id`\n"],
  ["a", "Host a\n Port 99999\n"],
  ["a", "Host a\n Port\n"],
  ["a", 'Host a\n HostName "h\n'],
  ["a", 'Host a\n HostName "h\\"\n'],
  ["a", "Host a\n HostName h 'x\n"],
  ["a", "Host a\n ProxyJump a;id\n"],
])("what could not be used as it stands is not offered: %s of %j", async (alias, text) => {
  const config = await parse(text);
  expect(config.host(alias)).toBeUndefined();
  expect(await config.hosts()).toEqual([]);
});

test("a line that costs one host costs no other", async () => {
  const config = await parse("Host a\n Port x\nHost b\n Port 22\n");
  expect((await config.hosts()).map(({ name }) => name)).toEqual(["b"]);
});

test("tokens in an address are expanded, and two percent signs are one", async () => {
  const config = await parse("Host a\n HostName %h.%%h\nHost b\n HostName %%%h\n");
  expect(config.host("a")?.address).toBe("a.%h");
  expect(config.host("b")?.address).toBe("%b");
});

test("Match exec never runs", async () => {
  await using directory = await openDirectory();
  const canary = directory.join("canary");
  const config = await parse(`Match exec "touch ${canary}"\n User evil\nHost a\n HostName h\n`);
  expect(config.host("a")?.user).toBeUndefined();
  await expect(stat(canary)).rejects.toThrow("ENOENT");
});

test.each(['"a', "a'", '\\"', "a"])(
  "a line of a million of %j makes it neither fail nor wait",
  async (part) => {
    const config = await parse(`Host a\n HostName h\nMatch ${part.repeat(1_000_000)}\n Port 7\n`);
    expect(config.host("a")).toMatchObject({ address: "h", port: undefined });
  },
);

test("no text makes it fail", async () => {
  const parts = fc.oneof(
    fc.string(),
    fc.constantFrom("Host a", "\n", " HostName ", '"', "Match all", "=", "*", "!", "Include", " a"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(parts), async (text) => {
      const config = await parse(text.join(""));
      await config.hosts();
    }),
  );
});

/** How often a config of so many hosts is looked at line by line, and in how many turns of the event loop. */
async function workOf(hosts: number): Promise<{ looks: number; turns: number }> {
  const blocks = Array.from({ length: hosts }, (_, index) => [
    `Host web${index} web${index}.example`,
    ` HostName 10.0.${index >> 8}.${index & 255}`,
    " ProxyJump gate",
  ]);
  let looks = 0;
  const counted = (text: string, index: number): ConfigLine => {
    const line = parseConfigLine(text, { file: "config", line: index + 1 });
    if (line === undefined) throw new Error(`${text} says nothing`);
    return {
      ...line,
      get keyword() {
        looks += 1;
        return line.keyword;
      },
    };
  };
  const lines = ["Host gate", " HostName 10.0.0.1", ...blocks.flat(), "Host *", " User deploy"].map(counted);
  let turns = 0;
  const tick = (): void => {
    turns += 1;
    ticking = setImmediate(tick);
  };
  let ticking = setImmediate(tick);
  // Another millisecond whenever somebody looks.
  let elapsed = 0;
  const clock = { elapsed: () => (elapsed += 1) };
  const tree = { lines, included: new Map() };
  const found = await (await createSshConfig(tree, { clock, home: "/home/me", localUser: "me" })).hosts();
  clearImmediate(ticking);
  expect(found).toHaveLength(2 * hosts + 1);
  expect(found.at(-1)).toMatchObject({ jump: ["gate"], user: "deploy" });
  return { looks, turns };
}

test("twice as many hosts are twice the work, in twice the turns of the event loop", async () => {
  const [some, many] = [await workOf(500), await workOf(1000)];
  expect(many.looks / some.looks).toBeLessThan(2.1);
  expect(many.turns / some.turns).toBeGreaterThan(1.9);
  // After at most five of the 1,000 blocks and 2,001 hosts.
  expect(many.turns).toBeGreaterThan(600);
});
