import { expect, test } from "vitest";
import { agentSocketOf } from "../../../../daemon/core/agent-socket.ts";

const pipe = String.raw`\\.\pipe\openssh-ssh-agent`;

test.each([
  [{ SSH_AUTH_SOCK: "/run/agent" }, "linux", "/run/agent"],
  [{ SSH_AUTH_SOCK: "" }, "linux", null],
  [{}, "darwin", null],
  [{}, "win32", pipe],
  [{ SSH_AUTH_SOCK: "" }, "win32", pipe],
  [{ SSH_AUTH_SOCK: "pageant" }, "win32", "pageant"],
] as const)("of %j on %s the agent is at %s", (environment, platform, expected) => {
  expect(agentSocketOf(environment, platform)).toBe(expected);
});
