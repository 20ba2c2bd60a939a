import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { containing } from "../support/matching.ts";
import { openCounter } from "../support/counter.ts";
import { openSshPool, type StartedRun, targetOf, type TestPool } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";
import { standStill } from "../support/stand-still.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";
import type { Target } from "../../daemon/transport/remote.ts";

/** A command that runs until its standard input ends. */
const waiting = "echo up; read line; exit 0";

async function startWaiting(pool: TestPool, target: Target, count: number): Promise<StartedRun[]> {
  const options = { connectTimeoutMs: 120_000 };
  const runs = await Promise.all(Array.from({ length: count }, () => pool.start(target, waiting, options)));
  await Promise.all(runs.map((run) => run.shown("up")));
  return runs;
}

async function endAll(runs: readonly StartedRun[]): Promise<void> {
  for (const run of runs) run.process.stdin.end();
  for (const run of runs) expect((await run.finished).end).toEqual({ kind: "exited", code: 0 });
}

/** Logins that the server has seen. */
const logins = (log: string): number => log.split("Accepted publickey").length - 1;

test("200 runs one after the other share one connection", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  for (let count = 0; count < 200; count += 1) {
    const run = await pool.run(targetOf(sshd), "true");
    expect(run.end).toEqual({ kind: "exited", code: 0 });
    expect(run.process.reused).toBe(count > 0);
  }
  expect(pool.pool.metrics()).toMatchObject({ opened: 1, connections: 1, idle: 1, failed: 0 });
  expect(logins(sshd.log())).toBe(1);
  expect(pool.pool.list()).toMatchObject([{ state: "idle", cipher: "aes128-gcm@openssh.com" }]);
});

test("five runs at once on a cold host share one connection", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const runs = await startWaiting(pool, targetOf(sshd), 5);
  expect(pool.pool.metrics()).toMatchObject({ opened: 1, connections: 1, busy: 1, channels: 5 });
  await endAll(runs);
  expect(logins(sshd.log())).toBe(1);
});

// As many as the setting allows: what is done for each beginning must not add up on the connection.
test("ten runs at once on a cold host share one connection where the setting lets them", async () => {
  await using sshd = await openSshd({ options: { MaxSessions: 20 } });
  await using pool = await openSshPool({ trust: [sshd], limits: { channelsPerConnection: 10 } });
  const runs = await startWaiting(pool, targetOf(sshd), 10);
  expect(pool.pool.metrics()).toMatchObject({ opened: 1, connections: 1, channels: 10 });
  await endAll(runs);
  expect(logins(sshd.log())).toBe(1);
});

test("a sixth run at once opens another connection rather than wait", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const runs = await startWaiting(pool, targetOf(sshd), 12);
  expect(pool.pool.metrics()).toMatchObject({ opened: 3, channels: 12 });
  await endAll(runs);
});

test("a server with MaxSessions 1 runs several at once, on a connection each", async () => {
  await using sshd = await openSshd({ options: { MaxSessions: 1 } });
  await using pool = await openSshPool({ trust: [sshd] });
  const runs = await startWaiting(pool, targetOf(sshd), 3);
  expect(pool.pool.metrics()).toMatchObject({ connections: 3, channels: 3 });
  await endAll(runs);
  for (let count = 0; count < 5; count += 1) await pool.run(targetOf(sshd), "true");
  expect(pool.pool.metrics().opened).toBe(3);
});

test("a server that allows no session at all is a refused channel", async () => {
  await using sshd = await openSshd({ options: { MaxSessions: 0 } });
  await using pool = await openSshPool({ trust: [sshd] });
  await expect(pool.run(targetOf(sshd), "true")).rejects.toMatchObject({
    code: "channel_refused",
    members: { host: "web1" },
  });
});

test("a refused channel is tried again, and the command runs once", async () => {
  await using sshd = await openSshd({ options: { MaxSessions: 2 } });
  await using counter = await openCounter();
  await using pool = await openSshPool({ trust: [sshd] });
  const [first, ...others] = await startWaiting(pool, targetOf(sshd), 2);
  const third = pool.run(targetOf(sshd), counter.command);
  expect((await third).end).toEqual({ kind: "exited", code: 0 });
  expect(await counter.count()).toBe(1);
  // The refusal did not cost the connection: the runs on it go on.
  await endAll(first === undefined ? [] : [first, ...others]);
});

test("an unused connection is closed after the idle time", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd], limits: { idleMs: 50 } });
  await pool.run(targetOf(sshd), "true");
  await sshd.line(/^(Received disconnect|Connection closed|Disconnected) /);
  expect(pool.pool.metrics()).toMatchObject({ connections: 0, evicted: 1 });
  expect(pool.changes.map(({ type }) => type)).toEqual(["connectionOpened", "connectionClosed"]);
  expect((await pool.run(targetOf(sshd), "true")).process.reused).toBe(false);
});

test("a running command keeps its connection beyond the idle time", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd], limits: { idleMs: 10 } });
  const run = await pool.run(targetOf(sshd), "sleep 0.3; echo still here");
  expect(run.stdout.toString()).toBe("still here\n");
});

test("at the limit the idle connection that was used longest ago makes room", async () => {
  await using sshd = await openSshd({ address: "127.0.0.1" });
  await using others = await openSshd({ address: "127.0.0.2" });
  await using third = await openSshd({ address: "127.0.0.3" });
  await using pool = await openSshPool({ trust: [sshd, others, third], limits: { maxConnections: 2 } });
  await pool.run(targetOf(sshd), "true");
  await pool.run(targetOf(others), "true");
  await pool.run(targetOf(sshd), "true");
  await pool.run(targetOf(third), "true");
  const addresses = pool.pool.list().map(({ address }) => address);
  expect(addresses).toEqual(["127.0.0.1", "127.0.0.3"]);
  expect(pool.pool.metrics()).toMatchObject({ connections: 2, opened: 3, evicted: 1 });
});

test("when no connection is idle the next run waits, in order, until one is", async () => {
  await using sshd = await openSshd();
  await using other = await openSshd({ address: "127.0.0.2" });
  const limits = { maxConnections: 1, channelsPerConnection: 1 };
  await using pool = await openSshPool({ trust: [sshd, other], limits });
  const [first] = await startWaiting(pool, targetOf(sshd), 1);
  const order: string[] = [];
  const second = await pool.queue(targetOf(other), "true");
  const third = await pool.queue(targetOf(sshd), "true");
  expect(pool.pool.metrics().channels).toBe(1);
  first?.process.stdin.end();
  await Promise.all([
    second.over.then(() => order.push("other host")),
    third.over.then(() => order.push("same host")),
  ]);
  // The first connection goes to make room for the one who came first, and comes back for the other.
  expect(order).toEqual(["other host", "same host"]);
  expect(pool.pool.metrics()).toMatchObject({ connections: 1, opened: 3, evicted: 2 });
});

test("the time to connect stands still while a run waits for a place, and goes on then", async () => {
  await using sshd = await openSshd();
  await using silent = await openTcpPeer();
  const limits = { maxConnections: 1, channelsPerConnection: 1 };
  await using pool = await openSshPool({ trust: [sshd], limits });
  await using other = await openSshPool();
  const nobody = targetOf({ ...sshd, ...silent });
  const runs = await startWaiting(pool, targetOf(sshd), 1);
  const waits = await pool.queue(targetOf(sshd), "echo in", { connectTimeoutMs: 500 });
  const hangs = await pool.queue(nobody, "true", { connectTimeoutMs: 500 });
  // Longer than either has to connect.
  await expect(other.run(nobody, "true", { connectTimeoutMs: 1500 })).rejects.toMatchObject({
    code: "timed_out",
  });
  await endAll(runs);
  expect((await waits.over).stdout.toString()).toBe("in\n");
  await expect(hangs.over).rejects.toMatchObject({
    code: "timed_out",
    message: containing("No SSH greeting within 0.5 s."),
  });
});

test("a connection does not fail because this process is late", async () => {
  await using sshd = await openSshd({ address: "0.0.0.0" });
  const knownHosts = `[127.*]:${sshd.port} ${sshd.hostKeys[0]?.publicKey ?? ""}\n`;
  await using pool = await openSshPool({ trust: [{ knownHosts }] });
  const runs = ["127.9.0.1", "127.9.0.2", "127.9.0.3"].map((address) =>
    pool.run(targetOf({ ...sshd, address }), "echo in", { connectTimeoutMs: 4500 }),
  );
  const all = Promise.all(runs);
  all.catch(() => undefined);
  for (let turn = 0; turn < 4; turn += 1) {
    await nextTurn();
    standStill(1250);
  }
  expect((await all).map(({ stdout }) => stdout.toString())).toEqual(["in\n", "in\n", "in\n"]);
});

test("a run that is given up while it waits leaves no trace", async () => {
  await using sshd = await openSshd();
  const limits = { maxConnections: 1, channelsPerConnection: 1 };
  await using pool = await openSshPool({ trust: [sshd], limits });
  const runs = await startWaiting(pool, targetOf(sshd), 1);
  const controller = new AbortController();
  const given = pool.run(targetOf(sshd), "true", { signal: controller.signal });
  controller.abort(new Error("not wanted any more"));
  await expect(given).rejects.toThrow("not wanted any more");
  await endAll(runs);
  expect(pool.pool.metrics()).toMatchObject({ channels: 0, idle: 1 });
});

test("a connection that died while it was idle is replaced, and the command runs once", async () => {
  await using sshd = await openSshd();
  await using counter = await openCounter();
  await using pool = await openSshPool({ trust: [sshd] });
  await pool.run(targetOf(sshd), "true");
  const closed = pool.changed("connectionClosed");
  await sshd.dropConnections();
  await closed;
  const run = await pool.run(targetOf(sshd), counter.command);
  expect(run.end).toEqual({ kind: "exited", code: 0 });
  expect(await counter.count()).toBe(1);
});

test("trap: a connection that dies under a run ends it as lost, never as 0", async () => {
  await using sshd = await openSshd();
  await using counter = await openCounter();
  await using pool = await openSshPool({ trust: [sshd] });
  const started = await pool.start(targetOf(sshd), `${counter.command}; echo up; sleep 30`);
  await started.shown("up");
  await sshd.dropConnections();
  const run = await started.finished;
  expect(run.end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
  expect(run.stdout.toString()).toBe("up\n");
  expect(await counter.count()).toBe(1);
});

test("closing a connection by its id ends its runs as lost", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const started = await pool.start(targetOf(sshd), waiting);
  const id = started.process.connection.id;
  expect(pool.pool.close(id)).toBe(true);
  expect(pool.pool.close(id)).toBe(false);
  expect((await started.finished).end).toMatchObject({ kind: "lost" });
  expect(pool.pool.list()).toEqual([]);
});

test("a probe connects without running anything, and the next run finds the connection", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const options = { connectTimeoutMs: 5000, agentSocket: null };
  const probe = await pool.pool.probe(targetOf(sshd), options, new AbortController().signal);
  expect(probe).toMatchObject({ reused: false, hostKey: { keyType: "ssh-ed25519" } });
  expect(probe.hostKey.fingerprint).toBe(sshd.hostKeys[0]?.fingerprint);
  expect(probe.connection.server).toMatch(/^OpenSSH_/);
  expect((await pool.run(targetOf(sshd), "true")).process.reused).toBe(true);
});

test("a host is left alone by at most eight logins at once", async () => {
  // MaxStartups 10 drops the eleventh; forty runs at once need twenty connections.
  await using sshd = await openSshd({ options: { MaxStartups: "10:100:10" } });
  await using pool = await openSshPool({ trust: [sshd], limits: { channelsPerConnection: 2 } });
  const runs = await startWaiting(pool, targetOf(sshd), 40);
  expect(pool.pool.metrics()).toMatchObject({ opened: 20, failed: 0, channels: 40 });
  await endAll(runs);
});
