import { chmod, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import { runKnownHostsCommand } from "../../../../../daemon/ssh/host-keys/known-hosts-command.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { containing } from "../../../../support/matching.ts";

async function failureOf(template: string, script = "") {
  await using directory = await openDirectory();
  const path = directory.join("command");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  const parts = { environment: { PATH: process.env["PATH"] }, clock: systemClock };
  const command = template.replace("<COMMAND>", path);
  return await runKnownHostsCommand(command, "10.0.0.1", { kind: "ORDER" }, parts);
}

test.each([
  ["keys", "absolute path"],
  ['<COMMAND> "', "quotes"],
  ["<COMMAND> %y", "%y means nothing"],
  ["<COMMAND> ${HOSTRUN_UNSET}", "${HOSTRUN_UNSET} means nothing"],
  ["<COMMAND> 100%", "% means nothing"],
  ["/nowhere/command", "no such program"],
])("%j is refused: %s", async (template, why) => {
  expect(await failureOf(template)).toMatchObject({ kind: "failed", why: containing(why) });
});

test("a command that prints without end is ended", async () => {
  const ended = await failureOf("<COMMAND>", "exec yes");
  expect(ended).toMatchObject({ kind: "failed", why: containing("printed more than") });
});
