import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import { readDiscovery } from "../../client/discover.ts";
import { isGone } from "../../client/end-daemon.ts";
import { launch } from "../../client/launch.ts";
import { isAlive } from "../../client/liveness.ts";
import { placesIn } from "../../client/places.ts";
import { builtDaemon, type Cli, openCli } from "../support/cli.ts";
import { until } from "../support/durable.ts";
import { liveProcesses } from "../support/process-groups.ts";
import { openSshd } from "../support/sshd.ts";

vi.setConfig({ testTimeout: 120_000 });

const sshd = await openSshd();
afterAll(() => sshd[Symbol.asyncDispose]());

/** More than the daemon takes to notice. */
const noticedMs = 7000;

async function said(cli: Cli, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await cli.run(args);
  expect([status, stderr.toString()]).toEqual([0, ""]);
  return stdout.toString();
}

async function pidOf(cli: Cli): Promise<string | undefined> {
  const { stdout } = await cli.run(["status"]);
  return /process (\d+)/.exec(stdout.toString())?.[1];
}

/** Until those that were started beside the daemon have found its lock taken: after its end, one would take its place. */
async function alone(cli: Cli): Promise<void> {
  const isDaemon = ({ args }: { readonly args: string }): boolean =>
    args.includes(builtDaemon) && args.includes(cli.stateDirectory);
  await until(async () => (await liveProcesses()).filter(isDaemon).length === 1);
}

for (const name of ["daemon.sock", "daemon.json"]) {
  test.concurrent(`a daemon whose ${name} is removed makes it again, and goes on`, async () => {
    await using cli = await openCli(sshd);
    await said(cli, "start");
    const pid = await pidOf(cli);
    expect(pid).toBeDefined();
    const under = cli.run(["run", "web1", "sleep 9; echo went on"]);
    await until(async () => (await cli.run(["history"])).stdout.includes("running"));
    await rm(join(cli.stateDirectory, name));
    // Another daemon, started in its place until then, finds the lock taken.
    const [started] = await Promise.all([said(cli, "start"), said(cli, "history")]);
    expect(started).toContain(`process ${pid}`);
    const { stdout, status } = await under;
    expect([stdout.toString(), status]).toEqual(["went on\n", 0]);
    expect(await pidOf(cli)).toBe(pid);
    await alone(cli);
    await said(cli, "stop");
    expect(await pidOf(cli)).toBeUndefined();
  });
}

test.concurrent("a daemon whose directory was moved away ends with its runs, and leaves what took its place alone", async () => {
  await using cli = await openCli(sshd);
  await said(cli, "start");
  const pid = Number(await pidOf(cli));
  const under = cli.run(["run", "web1", "sleep 9; echo went on"]);
  await until(async () => (await cli.run(["history"])).stdout.includes("running"));
  await rename(cli.stateDirectory, `${cli.stateDirectory}-before`);
  await mkdir(cli.stateDirectory, { mode: 0o700 });
  await wait(noticedMs);
  expect([await readdir(cli.stateDirectory), isAlive(pid)]).toEqual([[], true]);
  await said(cli, "start");
  const next = await pidOf(cli);
  const { stdout, status } = await under;
  expect([stdout.toString(), status]).toEqual(["went on\n", 0]);
  expect(await isGone(pid, 10_000)).toBe(true);
  expect(readDiscovery(placesIn(cli.stateDirectory))?.pid).toBe(Number(next));
  // Its socket had the same path, and libuv removes what it has listened at.
  await until(async () => (await pidOf(cli)) === next);
});

test.concurrent("a daemon that hangs and whose files were removed is told as such", async () => {
  await using cli = await openCli(sshd);
  await said(cli, "start");
  const pid = Number(await pidOf(cli));
  process.kill(pid, "SIGSTOP");
  const places = placesIn(cli.stateDirectory);
  await Promise.all([rm(places.socket), rm(places.discovery)]);
  const starting = launch({ places, daemonScript: builtDaemon, deadlineMs: 4000 });
  await expect(starting).rejects.toThrow(
    `Another Hostrun daemon holds ${places.instanceLock}, but does not listen on ${places.socket}: it hangs.`,
  );
  process.kill(pid, "SIGCONT");
  await until(async () => (await pidOf(cli)) === String(pid));
  await alone(cli);
});
