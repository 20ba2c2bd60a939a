import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { expect, test } from "vitest";
import { destinationFault, parseJump, withoutPassword } from "../../../protocol/destination.ts";

test.each([
  ["web1", { host: "web1" }],
  ["ann@web1:2200", { user: "ann", host: "web1", port: 2200 }],
  ["ann@example.org@web1", { user: "ann@example.org", host: "web1" }],
  ["::1", { host: "::1" }],
  ["ann@fe80::1", { user: "ann", host: "fe80::1" }],
  ["fe80::1%eth0", { host: "fe80::1%eth0" }],
  ["[::1]", { host: "::1" }],
  ["ssh://ann@web1:2200", { user: "ann", host: "web1", port: 2200 }],
  ["ssh://[::1]/", { host: "::1" }],
  ["ann@[::1]:2200", { user: "ann", host: "::1", port: 2200 }],
])("%s is a destination", (text, expected) => {
  expect(parseJump(text)).toEqual(expected);
});

test.each([
  "",
  "@web1",
  "root@:22",
  "root@",
  ":22",
  "web1:",
  "web1:0",
  "web1:99999",
  "10.0.0.1:22:33",
  "1:2",
  "a;b",
  "[::1]:x",
  "ssh://",
  "ssh://web1/path",
])("%j is no destination", (text) => {
  expect(parseJump(text)?.host).not.toBe(text);
});

/** What ssh itself reads in a destination; undefined where it refuses it. */
function bySsh(text: string) {
  const { status, stdout } = spawnSync("ssh", ["-F", "none", "-G", "--", text], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const valueOf = (keyword: string) => new RegExp(`^${keyword} (.*)$`, "m").exec(stdout)?.[1];
  return { user: valueOf("user"), host: valueOf("host"), port: Number(valueOf("port")) };
}

test.each([
  "ssh://h",
  "ssh://h/",
  "ssh://u@h:2200/",
  "ssh://u@h:",
  "ssh://u%40dom@h:2200",
  "ssh://%75ser@h",
  "ssh://dom%5Cuser@h",
  "ssh://u%25x@h",
  "ssh://u%2Bv%C3%A9@h",
  "ssh://u%3Aword@h",
  "ssh://u;fingerprint=ssh-ed25519-x@h:2200",
  "ssh://u;a=1;b=2@h",
  "ssh://u;a=%zz@h",
  "ssh://h:ssh",
  "ssh://h:http/",
  "ssh://u@h:https",
  "ssh://u@h:imap2",
  // A name of two ports.
  "ssh://h:dicom",
  "ssh://u@h:Imap",
  "ssh://u@h:toString",
  "ssh://h:022",
  "ssh://[h]:2200",
  "SSH://u@h",
  "u%40dom@h",
  // Refused.
  "ssh://",
  "ssh://@h",
  "ssh://u@",
  "ssh://;a=1@h",
  "ssh://u@dom@h",
  "ssh://u%zz@h",
  "ssh://u%2@h",
  "ssh://u%00@h",
  "ssh://u%0A@h",
  "ssh://u%3Bid@h",
  "ssh://%60id%60@h",
  "ssh://%24(id)@h",
  "ssh://-oProxyCommand=id@h",
  "ssh://%2DoProxyCommand=id@h",
  "ssh://u@%2DoProxyCommand=id",
  "ssh://u@-h",
  "ssh://u@h%2Ex",
  "ssh://u@h;a=1",
  "ssh://u@h?a",
  "ssh://u@h#a",
  "ssh://u@h/path",
  "ssh://u@h//",
  "ssh://u@h:0",
  "ssh://u@h:65536",
  "ssh:///h",
  "ssh://u@::1",
  "ssh://[::1",
])("%s means to Hostrun what it means to ssh", (text) => {
  const parsed = parseJump(text);
  const ours = parsed && {
    user: parsed.user ?? userInfo().username,
    host: parsed.host,
    port: parsed.port ?? 22,
  };
  expect(ours).toEqual(bySsh(text));
});

test("a service has the port that it has for ssh", async () => {
  const lines = (await readFile("/etc/services", "utf8"))
    .split("\n")
    .map((line) => line.replace(/#.*/, "").split(/\s+/));
  const told = new Set<string>();
  const tcp = lines.filter(([, port = ""]) => port.endsWith("/tcp"));
  expect(tcp.length).toBeGreaterThan(100);
  for (const [name = "", port = "", ...others] of tcp) {
    for (const each of [name, ...others.filter(Boolean)]) {
      // Of two lines the first one counts.
      if (told.has(each)) continue;
      told.add(each);
      expect([each, parseJump(`ssh://h:${each}`)?.port]).toEqual([each, Number.parseInt(port, 10)]);
    }
  }
});

test.each([
  ["ssh://h", undefined],
  ["ssh://u;a=1@h:22/", undefined],
  ["ssh://h:99999", "must have a port from 1 to 65535, or the name of a service"],
  ["ssh://h:nope", "must have a port from 1 to 65535, or the name of a service"],
  ["ssh://h/path", "must not have a path behind the host"],
  ["ssh://u%zz@h", "must have %XX for a character of the user alone"],
  ["ssh://a;b%3Bc@h", undefined],
  ["ssh://u%3Bid@h", "has a user that must not contain shell metacharacters"],
  ["ssh://root:word@h", "must not contain a password: Hostrun asks for it when it is needed"],
  ["ssh://root:@h:22", "must not contain a password: Hostrun asks for it when it is needed"],
  ["ssh://-h", "has a host that must not begin with a dash"],
  ["ssh://", "must be ssh://[user@]host[:port]"],
  ["u@h", undefined],
  ["h:99999", "must have a port from 1 to 65535"],
  ["u@h:0", "must have a port from 1 to 65535"],
  ["u@h:", "must have a port from 1 to 65535"],
  ["h:ssh", "must have a port from 1 to 65535"],
  ["u@[::1]:99999", "must have a port from 1 to 65535"],
  ["u@h:22:22", "must be [user@]host[:port], an IPv6 address in brackets if a port follows"],
  ["u@", "must name a host"],
  ["@h:22", "must have a user before the @"],
  ["u@-x", "has a host that must not begin with a dash"],
  ["-u@h", "has a user that must not begin with a dash"],
  ["a;b@h", "has a user that must not contain shell metacharacters"],
])("what is wrong with %s is said", (text, fault) => {
  expect(destinationFault(text)).toBe(fault);
});

test.each([
  ["ssh://root:s:e/c@h:22/", "ssh://root:…@h:22/"],
  ["ssh://h:22", "ssh://h:22"],
  ["root:word@h", "root:word@h"],
])("of %s a message says %s", (text, told) => {
  expect(withoutPassword(text)).toBe(told);
});
