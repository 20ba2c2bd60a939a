import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { containing, matching } from "../support/matching.ts";
import { openTinysshd } from "../support/other-servers.ts";
import { freePort } from "../support/server-process.ts";
import { openDirectory } from "../support/directory.ts";
import { createKey } from "../support/ssh-key.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSshd } from "../support/sshd.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";
import type { Target } from "../../daemon/transport/remote.ts";

async function hostAt(address: string, port: number): Promise<AsyncDisposable & { target: Target }> {
  const directory = await openDirectory();
  const clientKey = await createKey(directory.join("key"));
  return {
    target: targetOf({ address, port, user: "deploy", clientKey }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

const whereOf = ({ address, port }: Target): object => ({
  host: "web1",
  hop: `deploy@${address}:${port}`,
  address,
  port,
});

test("a port on which nobody listens is refused", async () => {
  await using host = await hostAt("127.0.0.1", await freePort());
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true")).rejects.toMatchObject({
    code: "host_unreachable",
    message: containing("Check the port"),
    members: { ...whereOf(host.target), reason: "refused" },
  });
  expect(pool.pool.metrics()).toMatchObject({ connections: 0, failed: 1 });
});

test("a name that nobody knows is not found", async () => {
  await using host = await hostAt("no-such-host.invalid", 22);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true")).rejects.toMatchObject({
    code: "host_unreachable",
    members: { ...whereOf(host.target), reason: "name_not_found" },
  });
});

test("an address without a route is said to be one", async () => {
  // Linux connects to no multicast address, on any machine.
  await using host = await hostAt("224.0.0.1", 22);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true")).rejects.toMatchObject({
    code: "host_unreachable",
    message: containing("no route to 224.0.0.1"),
    members: { host: "web1", hop: "deploy@224.0.0.1:22", reason: "no_route" },
  });
});

test("a server that says something else is not an SSH server", async () => {
  await using peer = await openTcpPeer((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n\0\0\0"));
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true")).rejects.toMatchObject({
    code: "protocol_error",
    message: containing("is not an SSH server"),
    members: whereOf(host.target),
  });
});

test("a greeting without end is cut off", async () => {
  await using peer = await openTcpPeer((socket) => {
    const talk = (): boolean => socket.write("welcome\r\n".repeat(1000));
    socket.on("drain", talk);
    while (talk());
  });
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true")).rejects.toMatchObject({ code: "protocol_error" });
});

test("garbage after the greeting is a protocol error", async () => {
  await using peer = await openTcpPeer((socket) => {
    socket.write("SSH-2.0-Garbage_1\r\n");
    socket.write(Buffer.alloc(4096, 0xff));
  });
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true")).rejects.toMatchObject({ code: "protocol_error" });
});

test("a silent server times out at the deadline, with the stage", async () => {
  await using peer = await openTcpPeer();
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  const begun = performance.now();
  await expect(pool.run(host.target, "true", { connectTimeoutMs: 2000 })).rejects.toMatchObject({
    code: "timed_out",
    message: containing("No SSH greeting within 2 s."),
    members: whereOf(host.target),
  });
  expect(performance.now() - begun).toBeLessThan(15_000);
  expect(pool.pool.list()).toEqual([]);
});

test("trap 2: a peer that does not hang up cannot hold the connection open", async () => {
  const gone = Promise.withResolvers<void>();
  await using peer = await openTcpPeer(
    (socket) => {
      socket.resume();
      // A socket that was destroyed, and not merely ended, answers data with a reset.
      let words = 0;
      const talk = (failure?: Error | null): void => {
        words += 1;
        if (failure instanceof Error) gone.resolve();
        else if (words < 500) setImmediate(() => socket.write("x", talk));
      };
      socket.on("end", talk);
    },
    { allowHalfOpen: true },
  );
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true", { connectTimeoutMs: 2000 })).rejects.toMatchObject({
    code: "timed_out",
  });
  await gone.promise;
});

test("a server that falls silent in the key exchange times out there", async () => {
  await using peer = await openTcpPeer((socket) => socket.write("SSH-2.0-Silent_1\r\n"));
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true", { connectTimeoutMs: 2000 })).rejects.toMatchObject({
    code: "timed_out",
    message: containing("exchanging keys"),
  });
});

test("each of those who wait for one connection has a deadline of its own", async () => {
  await using peer = await openTcpPeer();
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  const long = pool.run(host.target, "true", { connectTimeoutMs: 4000 }).catch((problem: unknown) => problem);
  await expect.poll(() => pool.pool.list(), { timeout: 4000 }).toMatchObject([{ state: "connecting" }]);
  const begun = performance.now();
  await expect(pool.run(host.target, "true", { connectTimeoutMs: 100 })).rejects.toMatchObject({
    code: "timed_out",
  });
  expect(performance.now() - begun).toBeLessThan(3500);
  expect(pool.pool.list()).toMatchObject([{ state: "connecting" }]);
  expect(await long).toMatchObject({ code: "timed_out" });
  expect(peer.accepted()).toBe(1);
  expect(pool.pool.list()).toEqual([]);
});

test("a server that closes at once is said to have closed", async () => {
  await using peer = await openTcpPeer((socket) => socket.end());
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true")).rejects.toMatchObject({
    code: "host_unreachable",
    message: containing("MaxStartups"),
    members: { ...whereOf(host.target), reason: "closed" },
  });
});

test("a connection that is reset is said to have been", async () => {
  await using peer = await openTcpPeer((socket) => {
    socket.once("data", () => socket.resetAndDestroy());
    socket.write("SSH-2.0-Reset_1\r\n");
  });
  await using host = await hostAt(peer.address, peer.port);
  await using pool = await openSshPool();
  await expect(pool.run(host.target, "true")).rejects.toMatchObject({
    code: "host_unreachable",
    members: { reason: matching(/^(reset|closed)$/) },
  });
});

test("a greeting in many pieces is put together", async () => {
  await using sshd = await openSshd();
  await using peer = await openTcpPeer((socket) => {
    const upstream = connect(sshd.port, sshd.address);
    upstream.on("error", () => undefined);
    socket.pipe(upstream);
    socket.on("close", () => upstream.destroy());
    socket.setNoDelay(true);
    upstream.once("data", (greeting: Buffer) => {
      upstream.pause();
      void (async () => {
        for (const byte of [...Buffer.from("Hello\r\nyou\r\n"), ...greeting.subarray(0, 20)]) {
          socket.write(Buffer.of(byte));
          await delay(1);
        }
        socket.write(greeting.subarray(20));
        upstream.pipe(socket);
      })();
    });
  });
  await using pool = await openSshPool();
  const target = targetOf({ ...sshd, port: peer.port }, { hostKeyPolicy: "acceptNew" });
  expect((await pool.run(target, "echo in")).stdout.toString()).toBe("in\n");
});

test("a server with nothing but outdated algorithms is refused", async () => {
  await using sshd = await openSshd({
    options: { Ciphers: "aes128-cbc", MACs: "hmac-sha1", KexAlgorithms: "diffie-hellman-group14-sha1" },
  });
  await using pool = await openSshPool({ trust: [sshd] });
  await expect(pool.run(targetOf(sshd), "true")).rejects.toMatchObject({
    code: "protocol_error",
    message: containing("SHA-1"),
  });
});

test("chacha20-poly1305 is taken with the strict key exchange only (Terrapin)", async () => {
  await using sshd = await openSshd({ options: { Ciphers: "chacha20-poly1305@openssh.com" } });
  await using tinysshd = await openTinysshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const run = await pool.run(targetOf(sshd), "echo in");
  expect(run.stdout.toString()).toBe("in\n");
  expect(run.process.connection.cipher).toBe("chacha20-poly1305@openssh.com");
  const target = targetOf(tinysshd, { hostKeyPolicy: "acceptNew" });
  await expect(pool.run(target, "true")).rejects.toMatchObject({
    code: "protocol_error",
    message: containing("CVE-2023-48795"),
  });
});

test("other runs go on undisturbed beside every failure", async () => {
  await using sshd = await openSshd();
  await using silent = await openTcpPeer();
  await using closing = await openTcpPeer((socket) => socket.end());
  await using pool = await openSshPool({ trust: [sshd] });
  const started = await pool.start(targetOf(sshd), "echo up; read line; echo $line");
  await started.shown("up");
  const bad = [silent, closing].map(({ address, port }) => targetOf({ ...sshd, address, port }));
  const failures = await Promise.allSettled(
    bad.map((target) => pool.run(target, "true", { connectTimeoutMs: 200 })),
  );
  expect(failures.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  started.process.stdin.end("fine\n");
  expect((await started.finished).stdout.toString()).toBe("up\nfine\n");
});
