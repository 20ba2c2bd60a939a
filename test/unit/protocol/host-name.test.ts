import { expect, test } from "vitest";
import { HostName, NewHostName } from "../../../protocol/host.ts";
import { isOtherDestination, isTargetSyntax } from "../../../protocol/host-name.ts";

test.each([
  ["3", "a number"],
  ["all", "every host"],
  ["tag:x", "tag:"],
  ["group:x", "group:"],
  ["a*", "pattern"],
  ["web?", "pattern"],
  ["web[1-3]", "pattern"],
  ["!x", "excludes a host"],
  ["@failed:1", "contain @"],
  ["u@h", "contain @"],
  ["ssh://x", "slash"],
  ["a/../b", "slash"],
  ["h:22", "colon"],
  ["..", "directory"],
  // Cyrillic а before Latin letters, а word of Cyrillic ones, wide letters, a dash that is none.
  ["\u0430ll", "look like"],
  ["\u0430\u0441\u0435", "look like"],
  ["\uff57\uff45\uff42", "look like"],
  ["web\u20101", "look like"],
])("%s is no name for a new host, and is one still where a host has it", (name, why) => {
  expect(HostName.safeParse(name).success).toBe(true);
  const found = NewHostName.safeParse(name);
  expect(found.error?.issues.map(({ message }) => message).join()).toContain(why);
});

test.each([
  "web1",
  "3a",
  "10.0.0.5",
  "::1",
  "fe80::1%eth0",
  "web1.example.org",
  "all-web",
  "büro",
  "сервер",
  "サーバー",
  "a_b-c",
])("%s is a name for a new host", (name) => {
  expect(NewHostName.parse(name)).toBe(name);
  expect(isTargetSyntax(name)).toBe(false);
});

test.each([
  ["all", true, false],
  ["tag:x", true, false],
  ["web[1-3]", true, false],
  ["@failed:1", true, false],
  ["u@h", true, true],
  ["h:22", true, true],
  ["[::1]:22", true, true],
  ["ssh://h", true, true],
  ["3", false, false],
])("%s as a target", (word, isTarget, isDestination) => {
  expect([isTargetSyntax(word), isOtherDestination(word)]).toEqual([isTarget, isDestination]);
});
