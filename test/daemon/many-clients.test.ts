import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCli } from "../support/cli.ts";
import { openSshd } from "../support/sshd.ts";

test("a hundred clients at once are all served by one daemon, which one of them starts", {
  timeout: 240_000,
}, async () => {
  await using sshd = await openSshd();
  await using cli = await openCli(sshd);
  expect((await cli.run(["stop"])).status).toBe(0);
  const hundred = Array.from({ length: 100 }, (_, index) => index);
  const started = await Promise.all(hundred.map(() => cli.run(["start"])));
  const told = new Set(
    started.map(({ status, stdout, stderr }) => `${status} ${String(stdout)}${String(stderr)}`),
  );
  expect([...told]).toEqual([expect.stringMatching(/^0 Hostrun \S+ is running as process \d+/)]);
  const runs = await Promise.all(hundred.map((index) => cli.run(["run", "web1", "--", `echo ${index}`])));
  expect(runs.map(({ status, stdout, stderr }) => `${status} ${String(stdout)}${String(stderr)}`)).toEqual(
    hundred.map((index) => `0 ${index}\n`),
  );
  const log = await readFile(join(cli.stateDirectory, "daemon.log"), "utf8");
  // Of the hundred, and of the one that knew the host before.
  expect(log.match(/The daemon is ready/g)).toHaveLength(2);
  expect(await cli.run(["status"])).toHaveProperty("status", 0);
});
