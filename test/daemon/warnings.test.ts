import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCli } from "../support/cli.ts";
import { openTestDaemon } from "../support/daemon.ts";
import { openDirectory } from "../support/directory.ts";

// What every other test relies on: a daemon that warns fails the test that started it.

test.each(["SIGTERM", "SIGKILL"] as const)(
  "a daemon that warned fails its test, also after %s",
  async (signal) => {
    await using directory = await openDirectory();
    const planted = directory.join("planted.cjs");
    await writeFile(planted, `process.emitWarning("planted", "PlantedWarning");`);
    const daemon = await openTestDaemon({ environment: { NODE_OPTIONS: `--require ${planted}` } });
    await daemon.kill(signal);
    await expect(daemon[Symbol.asyncDispose]()).rejects.toThrow(/\(node:\d+\) PlantedWarning: planted/);
  },
);

test("so does one that the command line started, whose log has the warning", async () => {
  const cli = await openCli();
  expect((await cli.run(["start"])).status).toBe(0);
  const log = join(cli.stateDirectory, "daemon.log");
  expect(await readFile(log, "utf8")).toContain("The daemon is ready");
  await appendFile(log, "(node:7) PlantedWarning: planted\n");
  await expect(cli[Symbol.asyncDispose]()).rejects.toThrow(/PlantedWarning: planted/);
});

test("what a daemon logs of a warning is none of its own", async () => {
  await using directory = await openDirectory();
  await writeFile(directory.join("daemon.log"), `{"message":"PlantedWarning: planted"}\n`);
});
