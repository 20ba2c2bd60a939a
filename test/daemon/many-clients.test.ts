import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import type { Health } from "../../protocol/stats.ts";
import { type Cli, openCli } from "../support/cli.ts";
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
  const log = await logOf(cli);
  // Of the hundred, and of the one that knew the host before.
  expect(log.match(/The daemon is ready/g)).toHaveLength(2);
  expect(await cli.run(["status"])).toHaveProperty("status", 0);
});

test("runs that come while a daemon stops, for its last one, are all run by the next one", async () => {
  await using sshd = await openSshd();
  await using cli = await openCli(sshd);
  await cli.run(["config", "set", "logLevel", "debug"]);
  await cli.run(["config", "set", "drainTimeoutMs", "60000"]);
  const gate = join(cli.home, "gate");
  const last = cli.start(["run", "web1", "--", `echo begun; until [ -e ${gate} ]; do sleep 0.05; done`]);
  await once(last.stdout, "data");
  const { pid } = await openHealth(cli);
  process.kill(pid, "SIGTERM");
  await expect.poll(async () => (await openHealth(cli)).status).toBe("draining");
  const ten = Array.from({ length: 10 }, (_, index) => index);
  const runs = ten.map((index) => cli.run(["run", "web1", "--", `echo ${index}`]));
  const refusals = async (): Promise<number> => (await logOf(cli)).match(/"status":503/g)?.length ?? 0;
  await expect.poll(refusals).toBeGreaterThanOrEqual(10);
  await writeFile(gate, "");
  const told = (await Promise.all(runs)).map(
    ({ status, stdout, stderr }) => `${status} ${String(stdout)}${String(stderr)}`,
  );
  expect(told).toEqual(ten.map((index) => `0 ${index}\n`));
  expect((await openHealth(cli)).pid).not.toBe(pid);
});

function logOf({ stateDirectory }: Cli): Promise<string> {
  return readFile(join(stateDirectory, "daemon.log"), "utf8");
}

async function openHealth({ stateDirectory }: Cli): Promise<Health> {
  await using daemon = await openDaemon({ stateDirectory });
  return daemon.health;
}
