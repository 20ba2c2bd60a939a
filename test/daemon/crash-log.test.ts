import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { isAlive } from "../../client/liveness.ts";
import { builtDaemon, openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";

// The daemon refuses settings that it does not know, and the test run has variables of its own.
for (const name of Object.keys(process.env)) if (name.startsWith("HOSTRUN_")) delete process.env[name];

test("the last words of a daemon that crashes are in the log, however often that was full", async () => {
  await using directory = await openDirectory();
  await using cli = await openCli();
  const { stateDirectory } = cli;
  const log = `${stateDirectory}/daemon.log`;
  // The daemon, which writes to its log and crashes when it is told to.
  const daemonScript = directory.join("crashing.cjs");
  await writeFile(
    daemonScript,
    `process.on("SIGWINCH", () => setImmediate(() => { throw new Error("a line of the log"); }));
     process.on("SIGUSR2", () => process.abort());
     require(${JSON.stringify(builtDaemon)});`,
  );
  await using daemon = await openDaemon({ stateDirectory, daemonScript });
  const { pid } = daemon.health;
  for (const letter of ["a", "b"]) {
    await appendFile(log, `${letter.repeat(1023)}\n`.repeat(5 * 1024));
    process.kill(pid, "SIGWINCH");
    await expect
      .poll(() => readFile(log, "latin1"), { timeout: 20_000 })
      .toMatch(/^\{.*a line of the log.*\}\n$/);
    expect((await readFile(`${log}.1`, "latin1")).slice(-1024)).toBe(`${letter.repeat(1023)}\n`);
  }
  process.kill(pid, "SIGUSR2");
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  const { stdout } = await cli.run(["logs"]);
  expect(stdout.toString()).toContain("a line of the log");
  expect(stdout.toString()).toContain("Native stack trace");
  expect((await stat(log)).size).toBeLessThan(1_000_000);
});
