import * as fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import { type ConfigLine, parseConfigLine } from "../../../../../daemon/hosts/openssh/config-line.ts";
import { readNames, type SshConfig } from "../../../../../daemon/hosts/openssh/config-names.ts";

function read(text: string): Promise<SshConfig> {
  const lines = text
    .split("\n")
    .flatMap((line, index) => parseConfigLine(line, { file: "config", line: index + 1 }) ?? []);
  return readNames([{ path: "config", text, lines, included: new Map() }], systemClock);
}

test("the names of Host lines are aliases, each where it stands first, and patterns are none", async () => {
  const config = await read(
    '# mine\nHost web1 web2 *.web !web3\n Port 1\nHost=web1 "web4"\nHost a;id -x we?\n',
  );
  expect([...config.aliases.values()]).toEqual([
    { name: "web1", file: "config", line: 2 },
    { name: "web2", file: "config", line: 2 },
    { name: "web4", file: "config", line: 4 },
  ]);
  expect(config.unusable).toEqual([
    { name: "a;id", file: "config", line: 5 },
    { name: "-x", file: "config", line: 5 },
  ]);
  expect(config.lines("port")).toMatchObject([{ words: ["1"], line: 3 }]);
});

test.each([
  ["plain", "User bob", "bob"],
  ["with =", "User=bob", "bob"],
  ["with = and spaces", "\tuSeR  =  bob  ", "bob"],
  ["with a comment", "User bob # or alice", "bob"],
  ["with a # inside", "User bob#1", "bob#1"],
  ["in quotes", 'User "bob" "alice"', "bob"],
  ["in quotes with a space", "User '/k/a b'", "/k/a b"],
  ["with an escaped space", "User /k/a\\ b", "/k/a b"],
  ["with an escaped quote", 'User "/k/a\\"b"', '/k/a"b'],
  ["in parts", 'User b"o"b', "bob"],
  ["with a backslash", "User b\\ob", "b\\ob"],
  ["with a comment behind quotes", "User 'bob' #' or alice", "bob"],
  ["with CRLF", "User bob\r", "bob"],
])("a line %s is read as ssh does", async (_what, line, expected) => {
  const config = await read(`Host a\r\n${line}\n`);
  expect(config.lines("user")[0]?.words?.[0]).toBe(expected);
});

test.each([
  ["Host a\n Port 1", false],
  ["Match host a\n Port 1", false],
  ["Match exec true", true],
  ["Match host a !exec=false", true],
  ["CanonicalizeHostname no", false],
  ["Host a\n CanonicalizeHostname always", true],
])("whether %j depends on more than files: %s", async (text, expected) => {
  expect((await read(text)).isVolatile).toBe(expected);
});

test.each(['"a', "a'", '\\"', "a"])(
  "a line of a million of %j makes it neither fail nor wait",
  async (part) => {
    const config = await read(`Host a\nMatch ${part.repeat(1_000_000)}\nHost b\n`);
    expect([...config.aliases.keys()]).toEqual(["a", "b"]);
  },
);

test("no text makes it fail", async () => {
  const parts = fc.oneof(
    fc.string(),
    fc.constantFrom("Host a", "\n", " HostName ", '"', "Match all", "=", "*", "!", "Include", " a"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(parts), async (text) => {
      await read(text.join(""));
    }),
  );
});

/** How often the lines of so many hosts are looked at, and in how many turns of the event loop. */
async function workOf(hosts: number): Promise<{ looks: number; turns: number }> {
  const blocks = Array.from({ length: hosts }, (_, index) => [
    `Host web${index} web${index}.example`,
    ` HostName 10.0.${index >> 8}.${index & 255}`,
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
  const lines = [...blocks.flat(), "Host *", " User deploy"].map(counted);
  let turns = 0;
  const tick = (): void => {
    turns += 1;
    ticking = setImmediate(tick);
  };
  let ticking = setImmediate(tick);
  // Another millisecond whenever somebody looks.
  let elapsed = 0;
  const clock = { elapsed: () => (elapsed += 1) };
  const { aliases } = await readNames([{ path: "config", text: "", lines, included: new Map() }], clock);
  clearImmediate(ticking);
  expect(aliases.size).toBe(2 * hosts);
  return { looks, turns };
}

test("twice as many hosts are twice the work, in twice the turns of the event loop", async () => {
  const [some, many] = [await workOf(500), await workOf(1000)];
  expect(many.looks / some.looks).toBeLessThan(2.1);
  expect(many.turns / some.turns).toBeGreaterThan(1.9);
  // After at most five of the 2,002 lines.
  expect(many.turns).toBeGreaterThan(400);
});
