import { expect, test } from "vitest";
import { isOfSshConfig } from "../../../extension/hosts/ssh-config-problem.ts";

test.each([
  ["one that the SSH config is the reason of", { reason: "ssh_config" }, undefined, true],
  ["one of a host that does not stand in it", { reason: "refused" }, { configAt: null }, false],
  ["one of a host that stands in it", {}, { configAt: { file: "/home/ann/.ssh/config", line: 3 } }, true],
  ["any other", {}, undefined, false],
])("%s", (_, problem, host, expected) => {
  expect(isOfSshConfig(problem, host)).toBe(expected);
});
