import { expect, test } from "vitest";
import { containing, matching } from "../support/matching.ts";
import { freePort } from "../support/server-process.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

test("a host behind two bastions is reached, and the bastions' connections are shared", async () => {
  await using outer = await openSshd({ address: "127.0.0.2" });
  await using inner = await openSshd({ address: "127.0.0.3" });
  await using one = await openSshd();
  await using two = await openSshd({ address: "127.0.0.4" });
  await using pool = await openSshPool({ trust: [outer, inner, one, two] });
  const jump = [targetOf(outer, { name: "outer" }), targetOf(inner, { name: "inner" })];
  const run = await pool.run(targetOf(one, { jump }), "echo $SSH_CONNECTION");
  // The host sees the address of the bastion's own connection, not ours.
  expect(run.stdout.toString()).toMatch(/^127\.0\.0\.1 /);
  await pool.run(targetOf(two, { name: "web2", jump }), "true");
  expect(pool.pool.metrics()).toMatchObject({ connections: 4, opened: 4 });
  expect(one.log()).toMatch(/Accepted publickey/);
  expect(outer.log().split("Accepted publickey").length - 1).toBe(1);
});

test("a bastion's connection stays while a host behind it is connected", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2" });
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [bastion, sshd], limits: { idleMs: 100 } });
  const jump = [targetOf(bastion, { name: "bastion" })];
  const run = await pool.run(targetOf(sshd, { jump }), "sleep 0.4; echo done");
  expect(run.stdout.toString()).toBe("done\n");
  await pool.changed("connectionClosed");
  await pool.changed("connectionClosed");
  expect(pool.pool.list()).toEqual([]);
});

test("behind a bastion the pool's limit does not lock itself up", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2" });
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [bastion, sshd], limits: { maxConnections: 1 } });
  const run = await pool.run(targetOf(sshd, { jump: [targetOf(bastion)] }), "echo in");
  expect(run.stdout.toString()).toBe("in\n");
});

test("a bastion that fails is named as the hop", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const port = await freePort("127.0.0.2");
  const bastion = { ...targetOf(sshd), name: "bastion", address: "127.0.0.2", port };
  await expect(pool.run(targetOf(sshd, { jump: [bastion] }), "true")).rejects.toMatchObject({
    code: "host_unreachable",
    message: matching(/^On the way to web1: Can't reach bastion: /),
    members: { host: "web1", hop: `${sshd.user}@127.0.0.2:${port}`, reason: "refused" },
  });
});

test("a bastion's unknown key is asked for with the bastion as the hop", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2" });
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const jump = [targetOf(bastion, { name: "bastion" })];
  await expect(pool.run(targetOf(sshd, { jump }), "true")).rejects.toMatchObject({
    code: "host_key_unknown",
    members: { host: "web1", address: "127.0.0.2", port: bastion.port },
  });
});

test("a bastion that cannot reach the host, and one that may not, are told apart", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2" });
  await using closed = await openSshd({ address: "127.0.0.3", options: { AllowTcpForwarding: "no" } });
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [bastion, closed, sshd] });
  const nowhere = targetOf({ ...sshd, port: await freePort() }, { jump: [targetOf(bastion)] });
  await expect(pool.run(nowhere, "true")).rejects.toMatchObject({
    code: "host_unreachable",
    members: { host: "web1", reason: "hop_could_not_connect" },
  });
  await expect(pool.run(targetOf(sshd, { jump: [targetOf(closed)] }), "true")).rejects.toMatchObject({
    code: "host_unreachable",
    members: { host: "web1", reason: "forwarding_refused" },
  });
});

test("a bastion that dies takes the run along as lost", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2" });
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [bastion, sshd] });
  const started = await pool.start(targetOf(sshd, { jump: [targetOf(bastion)] }), "echo up; sleep 30");
  await started.shown("up");
  await bastion.dropConnections();
  expect((await started.finished).end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
  expect(pool.pool.list()).toEqual([]);
});

test("the deadline covers the whole way", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2" });
  await using silent = await openTcpPeer();
  await using pool = await openSshPool({ trust: [bastion] });
  await pool.run(targetOf(bastion), "true");
  const target = targetOf(
    { ...bastion, address: silent.address, port: silent.port },
    { jump: [targetOf(bastion)] },
  );
  await expect(pool.run(target, "true", { connectTimeoutMs: 1500 })).rejects.toMatchObject({
    code: "timed_out",
    message: containing("greeting"),
    members: { host: "web1", port: silent.port },
  });
  // The bastion itself is fine and stays for the next run.
  expect(pool.pool.list()).toMatchObject([{ address: "127.0.0.2", state: "idle" }]);
});

test("when room is made behind a bastion, the first in the queue gets it", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2" });
  await using sshd = await openSshd();
  await using pool = await openSshPool({
    trust: [bastion, sshd],
    limits: { maxConnections: 2, channelsPerConnection: 1 },
  });
  const behind = targetOf(sshd, { jump: [targetOf(bastion)] });
  const first = await pool.start(behind, "echo up; read line");
  await first.shown("up");
  const order: string[] = [];
  const direct = await pool.queue(targetOf(sshd), "true");
  const again = await pool.queue(behind, "true");
  first.process.stdin.end("\n");
  await Promise.all([
    direct.over.then(() => order.push("direct")),
    again.over.then(() => order.push("behind")),
  ]);
  expect(order).toEqual(["direct", "behind"]);
});

test("a hundred hosts behind one bastion are reached over one connection to it", async () => {
  await using bastion = await openSshd({ address: "127.0.0.2", options: { MaxSessions: 200 } });
  await using sshd = await openSshd({ address: "0.0.0.0", options: { MaxStartups: 200 } });
  const addresses = Array.from({ length: 100 }, (_, index) => `127.0.1.${index + 1}`);
  const [key] = sshd.hostKeys;
  const known = addresses.map((address) => `[${address}]:${sshd.port} ${key?.publicKey}\n`).join("");
  await using pool = await openSshPool({ trust: [bastion, { knownHosts: known }] });
  const jump = [targetOf(bastion, { name: "bastion" })];
  const reach = (address: string) =>
    pool.run({ ...targetOf(sshd, { jump }), name: address, address }, "true");
  // Ten at once: with the system's ssh each is a process that logs in.
  for (let at = 0; at < addresses.length; at += 10) {
    const runs = await Promise.all(addresses.slice(at, at + 10).map(reach));
    for (const { end } of runs) expect(end).toEqual({ kind: "exited", code: 0 });
  }
  expect(pool.pool.metrics()).toMatchObject({ connections: 101, opened: 101 });
  expect(bastion.log().split("Accepted publickey").length - 1).toBe(1);
});

test("a middle hop that goes is named in the error, and the next run reconnects", async () => {
  await using outer = await openSshd({ address: "127.0.0.2" });
  await using middle = await openSshd({ address: "127.0.0.3" });
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [outer, middle, sshd] });
  const jump = [targetOf(outer, { name: "outer" }), targetOf(middle, { name: "middle" })];
  const target = targetOf(sshd, { jump });
  const run = await pool.start(target, "echo up; sleep 1000");
  await run.shown("up");
  await middle.dropConnections();
  const { end } = await run.finished;
  expect(end).toMatchObject({
    kind: "lost",
    problem: {
      code: "connection_lost",
      message: containing("middle"),
      members: { hop: containing("127.0.0.3") },
    },
  });
  expect((await pool.run(target, "echo in")).stdout.toString()).toBe("in\n");
});
