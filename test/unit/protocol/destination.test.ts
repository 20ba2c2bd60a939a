import { expect, test } from "vitest";
import { parseJump } from "../../../protocol/destination.ts";

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
