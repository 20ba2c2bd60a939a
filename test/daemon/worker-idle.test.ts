import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type HostedDaemon, hostOf, knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { processesOf } from "../support/processes.ts";
import { openSshd } from "../support/sshd.ts";
import { openUnixUser } from "../support/unix-user.ts";
import { awaitWorker } from "../support/worker-runs.ts";

await using starting = new AsyncDisposableStack();
const user = starting.use(await openUnixUser());
await writeFile(join(user.home, ".bashrc"), "sleep 0.08\n");
const sshd = { options: { SetEnv: "HOSTRUN_TEST=1" } };
const owned = starting.move();
afterAll(() => owned.disposeAsync());

async function connectionsOf(daemon: HostedDaemon): Promise<string[]> {
  const { items } = await daemon.client.call("listConnections");
  return items.map(({ host, state }) => `${host} ${state}`);
}

const workersLeft = (): Promise<number[]> => processesOf(user.name, /^hostrun-worker$/);
const polling = { timeout: 20_000, interval: 20 };

test("a connection with only an idle worker is idle, and closed as long after its last run as any other", async () => {
  await using own = await openHostedDaemon({ sshd, host: { user: user.name } });
  const idleMs = 4000;
  await own.client.call("updateSettings", { body: { poolIdleMs: idleMs } });
  await awaitWorker(own);
  const lastRunAt = performance.now();
  await expect.poll(() => connectionsOf(own), polling).toEqual(["web1 idle"]);
  expect((await own.client.call("stats")).pool).toMatchObject({ connections: 1, idle: 1, busy: 0 });
  const running = own.run("sleep 0.5");
  await expect.poll(() => connectionsOf(own), polling).toEqual(["web1 busy"]);
  await running;
  const usedMs = performance.now() - lastRunAt;
  await expect.poll(() => connectionsOf(own), polling).toEqual([]);
  const keptMs = performance.now() - lastRunAt - usedMs;
  expect(keptMs).toBeGreaterThan(idleMs - 500);
  expect(keptMs).toBeLessThan(2 * idleMs);
  await expect.poll(workersLeft, polling).toEqual([]);
  expect((await own.run("echo again")).text()).toBe("again\n");
});

test("in a full pool a connection with only an idle worker makes room", async () => {
  await using own = await openHostedDaemon({ sshd, host: { user: user.name } });
  await using other = await openSshd({ address: "127.0.0.2" });
  await knowHosts(own.home, other.knownHosts);
  await own.client.call("createHost", { body: { ...hostOf(other), name: "web2" } });
  await awaitWorker(own);
  await expect.poll(() => connectionsOf(own), polling).toEqual(["web1 idle"]);
  await own.client.call("updateSettings", { body: { poolMaxConnections: 1 } });
  expect((await own.run("echo there", { host: "web2" })).text()).toBe("there\n");
  // The worker is gone, not asked.
  expect((await own.run("echo here")).text()).toBe("here\n");
  expect((await own.client.call("stats")).pool).toMatchObject({ connections: 1, evicted: 2 });
  await expect.poll(workersLeft, polling).toEqual([]);
});

test("a changed idle time applies to connections that are idle already", async () => {
  await using own = await openHostedDaemon();
  await own.run("true");
  await expect.poll(() => connectionsOf(own), polling).toEqual(["web1 idle"]);
  await own.client.call("updateSettings", { body: { poolIdleMs: 100 } });
  await expect.poll(() => connectionsOf(own), { ...polling, timeout: 10_000 }).toEqual([]);
});
