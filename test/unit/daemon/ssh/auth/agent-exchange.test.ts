import { expect, test } from "vitest";
import { isSocketPath } from "../../../../../daemon/ssh/auth/agent-exchange.ts";

test.each([
  ["/run/agent", "linux", true],
  ["pageant", "linux", true],
  [String.raw`\\.\pipe\openssh-ssh-agent`, "win32", false],
  ["//./pipe/openssh-ssh-agent", "win32", false],
  // Neither is in the file system, where it would be missed.
  ["pageant", "win32", false],
  [String.raw`C:\cygwin64\tmp\ssh-x\agent.1`, "win32", false],
] as const)("an agent at %s on %s is a socket: %s", (path, platform, expected) => {
  expect(isSocketPath(path, platform)).toBe(expected);
});
