import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, type TestContext, test, vi } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { isAlive } from "../../client/liveness.ts";
import { builtDaemon, type Cli, openCli } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";

// The daemon refuses settings that it does not know, and the test run has variables of its own.
for (const name of Object.keys(process.env)) if (name.startsWith("HOSTRUN_")) delete process.env[name];

vi.setConfig({ testTimeout: 180_000 });

async function said(cli: Cli, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await cli.run(args);
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return stdout.toString();
}

async function complained(cli: Cli, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await cli.run(args);
  expect([status, stdout.toString()]).toEqual([1, ""]);
  return stderr.toString();
}

test.concurrent("a daemon that hangs is told as such, with what helps: an end by force", async () => {
  await using cli = await openCli();
  const pid = Number(/process (\d+)/.exec(await said(cli, "start"))?.[1]);
  process.kill(pid, "SIGSTOP");
  for (const name of ["status", "restart"]) {
    expect(await complained(cli, name)).toMatch(
      new RegExp(`process ${pid}\\) did not answer.* hangs.*\`hostrun restart --force\``),
    );
  }
  expect(await said(cli, "restart", "--force")).not.toContain(`process ${pid},`);
  expect(isAlive(pid)).toBe(false);
  expect((await cli.run(["status"])).status).toBe(0);
});

test.concurrent("a run that a daemon which hung reads later is not begun: its client was told so", async () => {
  await using cli = await openCli();
  const pid = Number(/process (\d+)/.exec(await said(cli, "start"))?.[1]);
  process.kill(pid, "SIGSTOP");
  const { status, stderr } = await cli.run(["run", "someone@127.0.0.1:9", "true"]);
  expect([status, stderr.toString()]).toEqual([255, expect.stringMatching(/did not answer.* hangs/)]);
  process.kill(pid, "SIGCONT");
  const after = await cli.run(["run", "someone@127.0.0.1:9", "false"]);
  expect(after.stderr.toString()).toContain("nothing is listening");
  expect(await runsOf(cli)).toEqual(["false"]);
});

test.concurrent("a run that was sent to another daemon than daemon.json names is begun once by the one that is there", async () => {
  await using cli = await openCli();
  await said(cli, "start");
  const discovery = join(cli.stateDirectory, "daemon.json");
  const told = await readFile(discovery, "utf8");
  await writeFile(discovery, told.replace(/"pid":\d+/, '"pid":1'));
  const { stderr } = await cli.run(["run", "someone@127.0.0.1:9", "true"]);
  expect(stderr.toString()).toContain("nothing is listening");
  expect(await runsOf(cli)).toEqual(["true"]);
  await writeFile(discovery, told);
});

test.concurrent("a run finds out by itself that the daemon of daemon.json was killed, and starts another", async () => {
  await using cli = await openCli();
  const pid = Number(/process (\d+)/.exec(await said(cli, "start"))?.[1]);
  process.kill(pid, "SIGKILL");
  const { stderr } = await cli.run(["run", "someone@127.0.0.1:9", "true"]);
  expect(stderr.toString()).toContain("nothing is listening");
  expect(await runsOf(cli)).toEqual(["true"]);
  expect(await said(cli, "status")).not.toContain(`process ${pid}`);
});

test.concurrent("a daemon whose daemon.json is damaged is named, and stopped or restarted all the same", async () => {
  await using cli = await openCli();
  const started = async (...args: string[]) => Number(/process (\d+)/.exec(await said(cli, ...args))?.[1]);
  const discovery = join(cli.stateDirectory, "daemon.json");
  const pid = await started("start");
  await writeFile(discovery, "{}");
  expect(await complained(cli, "status")).toMatch(
    new RegExp(`running \\(process ${pid}\\), but ${discovery} is damaged.*\`hostrun restart\``),
  );
  const stopped = await cli.run(["stop"]);
  expect(stopped.stdout.toString()).toBe(`The daemon (process ${pid}) has stopped.\n`);
  expect(stopped.stderr.toString()).toBe(
    `hostrun: ${discovery} is damaged. The daemon was found by its socket.\n`,
  );
  expect(isAlive(pid)).toBe(false);
  const second = await started("start");
  await writeFile(discovery, "");
  const restarted = await cli.run(["restart", "--drain"]);
  expect([restarted.status, isAlive(second)]).toEqual([0, false]);
  expect(restarted.stderr.toString()).toContain("such as --listen, are not known");
  await said(cli, "stop");
  // A damaged one of a daemon that is gone.
  await writeFile(discovery, "{}", { mode: 0o600 });
  expect(await said(cli, "stop")).toBe("The daemon was not running.\n");
});

async function runsOf(cli: Cli): Promise<string[]> {
  return Array.from(
    (await said(cli, "history", "--json")).matchAll(/"command":"(\w+)"/g),
    ([, command = ""]) => command,
  );
}

test.concurrent("a daemon that computes without an end is ended by force as well", async (context) => {
  await using cli = await openCli();
  const pid = await openBusy(context, cli, 600_000);
  // What hangs like this cannot be told from what is slow: it is asked for 30 s.
  const [told, stopped] = await Promise.all([complained(cli, "status"), said(cli, "stop", "--force")]);
  expect(told).toMatch(/did not answer within 30 s.*`hostrun restart --force`/);
  expect(stopped).toBe(`The daemon (process ${pid}) has stopped.\n`);
  expect(isAlive(pid)).toBe(false);
});

test.concurrent("a daemon that works on something else for seconds is waited for", async (context) => {
  await using cli = await openCli();
  const pid = await openBusy(context, cli, 6000);
  expect(await said(cli, "status")).toContain(`process ${pid}`);
});

/** Starts a daemon whose event loop is kept busy from now on for a while. */
async function openBusy(
  { onTestFinished }: TestContext,
  { stateDirectory }: Cli,
  spanMs: number,
): Promise<number> {
  const directory = await openDirectory();
  onTestFinished(() => directory[Symbol.asyncDispose]());
  const daemonScript = directory.join("busy.cjs");
  await writeFile(
    daemonScript,
    `process.on("SIGUSR2", () => {
       const end = performance.now() + ${spanMs};
       console.error("busy");
       while (performance.now() < end);
     });
     require(${JSON.stringify(builtDaemon)});`,
  );
  await using daemon = await openDaemon({ stateDirectory, daemonScript });
  const { pid } = daemon.health;
  onTestFinished(() => void (isAlive(pid) && process.kill(pid, "SIGKILL")));
  process.kill(pid, "SIGUSR2");
  return pid;
}

test.concurrent("what is no daemon is not ended by force, whatever daemon.json names", async ({
  onTestFinished,
}) => {
  await using cli = await openCli();
  await said(cli, "start");
  await said(cli, "stop");
  const innocent = spawn("sleep", ["600"], { stdio: "ignore" });
  const socket = join(cli.stateDirectory, "daemon.sock");
  const mute = createServer(() => undefined);
  onTestFinished(() => {
    innocent.kill("SIGKILL");
    mute.close();
  });
  await once(mute.listen(socket), "listening");
  const path = join(cli.stateDirectory, "daemon.json");
  const startedAt = new Date().toISOString();
  const discovery = {
    pid: innocent.pid,
    version: "1.0.0",
    protocol: 1,
    socket,
    url: null,
    token: "t",
    startedAt,
  };
  await writeFile(path, JSON.stringify(discovery), { mode: 0o600 });
  for (const name of ["stop", "restart"]) {
    expect(await complained(cli, name, "--force")).toContain(`Process ${innocent.pid}, which ${path} names`);
  }
  expect(isAlive(innocent.pid ?? 0)).toBe(true);
});
