import { chmod, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import {
  runKnownHostsCommand,
  splitArguments,
} from "../../../../../daemon/ssh/host-keys/known-hosts-command.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { containing } from "../../../../support/matching.ts";

test.each<[string, string[] | undefined]>([
  ["", []],
  [" /a  b\tc ", ["/a", "b", "c"]],
  [String.raw`a "b c" 'd e'`, ["a", "b c", "d e"]],
  [String.raw`a "b 'c' d"'e "f"'`, ["a", `b 'c' de "f"`]],
  [String.raw`a\ b \"c\' \\d \e`, ["a b", `"c'`, String.raw`\d`, String.raw`\e`]],
  [String.raw`"a\" b\ c"`, [String.raw`a" b\ c`]],
  [String.raw`'a\' b'`, ["a' b"]],
  [`a ""`, ["a", ""]],
  [`a "b`, undefined],
  ["a 'b", undefined],
  [`a "b\\"`, undefined],
])("%j are the words %j", (text, words) => {
  expect(splitArguments(text)).toEqual(words);
});

async function failureOf(template: string, script = "") {
  await using directory = await openDirectory();
  const path = directory.join("command");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  const hop = { name: "web1", address: "10.0.0.1", port: 22, user: "deploy", settings: plainHopSettings };
  const parts = { environment: { PATH: process.env["PATH"] }, home: directory.path, clock: systemClock };
  const asked = { ...hop, lookupName: "10.0.0.1" };
  return await runKnownHostsCommand(template.replace("<COMMAND>", path), asked, { kind: "ORDER" }, parts);
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
