import { readdir, readFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { FaultFigures, times, untouched } from "../support/fault-figures.ts";
import { knowHosts, openHostedDaemon } from "../support/hosted-daemon.ts";
import { type HostileMode, hostileModes } from "../support/hostile-servers.ts";
import { generateHostKey, openSsh2Server } from "../support/ssh2-server.ts";
import { RunReading, readMessages } from "../support/run-stream.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

const rounds = times(1, 20);
const megabyte = 1_000_000;

await using stack = new AsyncDisposableStack();
const daemon = stack.use(
  await openHostedDaemon({ flags: ["--pool-idle-ms", "200", "--pool-max-connections", "1000"] }),
);
const owned = stack.move();
afterAll(() => owned.disposeAsync());
const figures = new FaultFigures();
const hostKey = generateHostKey();
let hosts = 0;

async function handles(): Promise<number> {
  return (await readdir(`/proc/${daemon.pid}/fd`)).length;
}

async function memory(): Promise<number> {
  const status = await readFile(`/proc/${daemon.pid}/status`, "utf8");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function openServer({ server: options, talk }: HostileMode) {
  if (options === undefined) return Object.assign(await openTcpPeer(talk), { login: {} });
  const server = await openSsh2Server({ ...options, hostKey });
  await knowHosts(daemon.home, server.knownHosts);
  return Object.assign(server, { login: { user: server.user, identityFile: server.clientKey.path } });
}

/** A run on a server of this mode, while another goes on at a good host. */
async function meet(mode: HostileMode): Promise<void> {
  await using server = await openServer(mode);
  const { address, port, login } = server;
  hosts += 1;
  const name = `hostile${hosts}`;
  await daemon.client.call("createHost", { body: { name, address, port, ...login } });
  const good = daemon.run("echo begun; sleep 0.1; echo over");
  // Only a server that says nothing is given up by the clock.
  const connectTimeoutMs = mode.code === "timed_out" || mode.endless === true ? 700 : 10_000;
  const run = new RunReading();
  const messages = readMessages(await daemon.stream("any", { host: name, connectTimeoutMs }));
  if (mode.endless === true) {
    await run.until(messages, (event) => event.type === "status" && event.state === "running");
    await daemon.client.call("cancelRun", { params: { run: run.id }, body: { graceMs: 100 } });
  }
  await run.until(messages, ({ type }) => type === "complete");
  const { outcome, exitCode } = run.complete;
  const code = run.of("error")[0]?.problem.code ?? null;
  figures.runs += 2;
  figures.faults += 1;
  const told = { outcome, code, exitCode };
  const expected = { outcome: mode.outcome, code: mode.code, exitCode: mode.exitCode ?? null };
  const undisturbed = (await good).text() === "begun\nover\n" && (await good).complete.exitCode === 0;
  if (JSON.stringify(told) !== JSON.stringify(expected) || !undisturbed) figures.wrongOutcomes += 1;
  expect(JSON.stringify(told)).toBe(JSON.stringify(expected));
  expect(undisturbed).toBe(true);
  expect((await daemon.client.call("health")).pid).toBe(daemon.pid);
}

describe("a server that misbehaves harms its own run only", () => {
  test("at least 24 ways are tried", () => {
    expect(hostileModes.length).toBeGreaterThanOrEqual(24);
  });

  test("and nothing of it is left", { timeout: times(60_000, 900_000) }, async () => {
    // What every later run needs is there once.
    for (const mode of hostileModes.slice(0, 3)) await meet(mode);
    await Promise.all(Array.from({ length: 16 }, () => daemon.run("true")));
    await expect.poll(async () => (await daemon.client.call("stats")).pool.connections).toBe(0);
    const before = { handles: await handles(), memory: await memory() };
    const failures: string[] = [];
    const left = Array.from({ length: rounds }, () => hostileModes).flat();
    const one = async (): Promise<void> => {
      for (let mode = left.pop(); mode !== undefined; mode = left.pop()) {
        const { name } = mode;
        await meet(mode).catch((failure: unknown) => failures.push(`${name}: ${String(failure)}`));
      }
    };
    await Promise.all(Array.from({ length: 4 }, one));
    expect(failures).toEqual([]);
    await expect.poll(async () => (await daemon.client.call("stats")).pool.connections).toBe(0);
    const grown = { handles: (await handles()) - before.handles, memory: (await memory()) - before.memory };
    figures.print(`${hostileModes.length} hostile servers`, {
      "handles more": grown.handles,
      "MB more": Math.round(grown.memory / megabyte),
    });
    expect(figures.broken).toEqual(untouched);
    // The test's own HTTP connections come and go; one handle lost a mode would be 41.
    expect(grown.handles).toBeLessThanOrEqual(8);
    expect(grown.memory).toBeLessThan(100 * megabyte);
  });
});
