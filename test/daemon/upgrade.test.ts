import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Daemon, openDaemon } from "../../client/daemon.ts";
import type { Handover } from "../../client/handover.ts";
import { isGone } from "../../client/end-daemon.ts";
import { builtDaemon, finish } from "../support/cli.ts";
import { type Directory, openDirectory } from "../support/directory.ts";
import { type HostedDaemon, openHostedDaemon } from "../support/hosted-daemon.ts";
import { buildAs, type OtherVersion } from "../support/other-version.ts";

// The daemon refuses settings that it does not know, and the test run has variables of its own.
for (const name of Object.keys(process.env)) if (name.startsWith("HOSTRUN_")) delete process.env[name];

let directory: Directory;
let newer: OtherVersion;
let older: OtherVersion;
beforeAll(async () => {
  directory = await openDirectory();
  older = await buildAs("0.0.9", directory.join("older"));
  newer = await buildAs("0.2.0", directory.join("newer"));
});
afterAll(() => directory[Symbol.asyncDispose]());

/** A command that says something, waits for a file and exits with 3. */
function waiting(file: string): string {
  return `echo begun; while [ ! -e ${file} ]; do sleep 0.1; done; echo done; exit 3`;
}

async function begin(daemon: HostedDaemon, command: string, durable: boolean): Promise<string> {
  const run = await daemon.client.call("createRun", { body: { host: "web1", command, durable } });
  const state = async () => (await daemon.client.call("getRun", { params: { run: run.id } })).state;
  await expect.poll(state).toBe("running");
  return run.id;
}

interface Upgrade extends AsyncDisposable {
  readonly daemon: Daemon;
}

/** What a newer client that was told of the older daemon is served by; ended with the test. */
async function upgrade(
  { stateDirectory, home }: HostedDaemon,
  handover: { limitMs?: number; onWaiting?: (handover: Handover) => void } = {},
): Promise<Upgrade> {
  const options = { version: "0.2.0", ...handover };
  // The newer daemon is this process' child.
  process.env["HOME"] = home;
  const daemon = await openDaemon({ stateDirectory, daemonScript: newer.daemon, handover: options });
  return {
    daemon,
    async [Symbol.asyncDispose]() {
      await daemon.call("shutdown", { body: {} });
      await daemon[Symbol.asyncDispose]();
      await isGone(daemon.health.pid, 30_000);
    },
  };
}

test("of 20 runs none is ended by an upgrade: ten end before, and ten durable ones go on with the newer daemon", {
  timeout: 180_000,
}, async () => {
  await using old = await openHostedDaemon({ script: older.daemon });
  const [soon, later] = [directory.join("soon"), directory.join("later")];
  const ten = Array.from({ length: 10 }, () => 0);
  // One that has ended is not waited for.
  const { id } = await old.client.call("createRun", { body: { host: "web1", command: "true" } });
  await expect
    .poll(async () => (await old.client.call("getRun", { params: { run: id } })).state)
    .toBe("ended");
  const short = await Promise.all(ten.map(() => begin(old, waiting(soon), false)));
  const durable = await Promise.all(ten.map(() => begin(old, waiting(later), true)));
  const told = Promise.withResolvers<Handover>();
  const upgraded = upgrade(old, { onWaiting: told.resolve });
  expect(await told.promise).toMatchObject({ olderVersion: "0.0.9", newerVersion: "0.2.0", runs: 20 });
  expect((await old.client.call("health")).status).toBe("draining");
  await writeFile(soon, "");
  await using now = await upgraded;
  expect(now.daemon.health).toMatchObject({ version: "0.2.0", status: "ok" });
  expect(await old.ended).toMatchObject({ code: 0 });
  const get = (run: string) => now.daemon.call("getRun", { params: { run } });
  for (const run of durable) expect((await get(run)).state).not.toBe("ended");
  await writeFile(later, "");
  for (const run of [...short, ...durable]) {
    await expect.poll(async () => (await get(run)).state).toBe("ended");
    expect(await get(run)).toMatchObject({ outcome: "exited", exitCode: 3, stdoutBytes: 11, problem: null });
  }
});

test("at the limit, or when a person does not want to wait, what is left is ended as unknown", async () => {
  for (const how of ["limit", "person"]) {
    await using old = await openHostedDaemon({ script: older.daemon });
    const run = await begin(old, "echo begun; sleep 600", false);
    await using now = await upgrade(
      old,
      how === "limit" ? { limitMs: 10 } : { onWaiting: ({ endNow }) => endNow() },
    );
    const ended = await now.daemon.call("getRun", { params: { run } });
    expect(ended).toMatchObject({ outcome: "unknown", problem: { code: "daemon_stopped" } });
  }
});

test("an older client goes on with a newer daemon, and the newer daemon listens where the older one did", async () => {
  await using old = await openHostedDaemon({ script: older.daemon, flags: ["--listen", "127.0.0.1:0"] });
  const { stateDirectory } = old;
  const { url } = old.client.discovery;
  await using now = await upgrade(old);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(now.daemon.discovery.url).toBe(url);
  const handover = { version: "0.1.0" };
  await using before = await openDaemon({ stateDirectory, daemonScript: builtDaemon, handover });
  expect(before.health.pid).toBe(now.daemon.health.pid);
});

test("an older command line does not put an older daemon in the place of a newer one unless it is told to", async () => {
  await using now = await openHostedDaemon({ script: newer.daemon });
  const { stateDirectory, home } = now;
  const env = { PATH: process.env["PATH"], HOME: home, HOSTRUN_HOME: stateDirectory };
  const restart = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [older.cli, "restart", ...args], { env, stdio: "pipe" });
    return finish(child);
  };
  const refused = await restart();
  expect([refused.status, refused.stderr.toString()]).toEqual([
    1,
    expect.stringMatching(/version 0\.2\.0, and this is 0\.0\.9.*--downgrade/),
  ]);
  expect((await now.client.call("health")).pid).toBe(now.pid);
  const forced = await restart("--downgrade");
  expect([forced.status, forced.stdout.toString()]).toEqual([0, expect.stringMatching(/^Hostrun 0\.0\.9 /)]);
  await using after = await openDaemon({ stateDirectory });
  await after.call("shutdown", { body: {} });
  expect(await isGone(after.health.pid, 30_000)).toBe(true);
});
