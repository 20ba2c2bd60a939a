import { readFile } from "node:fs/promises";
import { afterAll, expect, test } from "vitest";
import { Problem } from "../../protocol/problem.ts";
import { hostOf, openHostedDaemon } from "../support/hosted-daemon.ts";
import { openTcpPeer } from "../support/tcp-peer.ts";

const daemon = await openHostedDaemon();
const { client, sshd } = daemon;
afterAll(() => daemon[Symbol.asyncDispose]());

const connect = (host: string, body: object = {}) => client.call("connectHost", { params: { host }, body });
const createHost = (name: string, address: string, port: number) =>
  client.call("createHost", { body: { ...hostOf(sshd), name, address, port } });

async function failureOf(promise: Promise<unknown>): Promise<Problem> {
  const failure = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (failure instanceof Problem) return failure;
  throw new Error("There was no problem", { cause: failure });
}

test("a connection that was opened ahead serves the first run", async () => {
  expect(await connect("web1")).toEqual({ host: "web1", reusedConnection: false });
  expect(await connect("web1")).toEqual({ host: "web1", reusedConnection: true });
  const { id } = await daemon.run("echo first");
  const run = await client.call("getRun", { params: { run: id } });
  expect(run).toMatchObject({ outcome: "exited", exitCode: 0, reusedConnection: true });
});

test("nobody is asked for anything: an unknown host key is refused", async () => {
  await createHost("stranger", "localhost", sshd.port);
  expect(await failureOf(connect("stranger"))).toHaveProperty("code", "host_key_unknown");
  expect(await client.call("listPrompts")).toMatchObject({ items: [] });
});

test("a host that cannot be reached is not tried again at once, and the log says nothing of it", async () => {
  await using peer = await openTcpPeer((socket) => socket.end("no SSH server\r\n"));
  await createHost("none", peer.address, peer.port);
  const first = await failureOf(connect("none"));
  expect(first.members.retryAfterMs).toBeUndefined();
  const tried = peer.accepted();
  expect(tried).toBeGreaterThan(0);
  const second = await failureOf(connect("none"));
  expect(second.code).toBe(first.code);
  expect(second.members.retryAfterMs).toBeGreaterThan(0);
  expect(peer.accepted()).toBe(tried);
  expect(await readFile(`${daemon.stateDirectory}/daemon.log`, "utf8")).not.toContain("opened ahead");
  // Another address is tried at once.
  await client.call("updateHost", { params: { host: "none" }, body: { address: "127.0.0.2" } });
  expect((await failureOf(connect("none"))).members.retryAfterMs).toBeUndefined();
});

test("a production host is connected to only where that was said", async () => {
  await createHost("prod", sshd.address, sshd.port);
  await client.call("updateHost", { params: { host: "prod" }, body: { production: true } });
  // It is the machine of web1, too.
  for (const host of ["prod", "web1"]) {
    expect(await failureOf(connect(host))).toHaveProperty("code", "confirmation_required");
    expect(await connect(host, { production: "allow" })).toHaveProperty("host", host);
  }
  await client.call("updateHost", { params: { host: "prod" }, body: { production: false } });
});

test("four are opened at once, and no more", async () => {
  const silent = Promise.withResolvers<void>();
  await using peer = await openTcpPeer(() => {
    if (peer.accepted() === 4) silent.resolve();
  });
  const leave = new AbortController();
  const { signal } = leave;
  // Hosts that differ in nothing would share a connection.
  const names = ["u1", "u2", "u3", "u4"];
  for (const user of names) {
    await client.call("createHost", {
      body: { ...hostOf(sshd), address: peer.address, port: peer.port, name: user, user },
    });
  }
  const open = Promise.allSettled(
    names.map((host) => client.call("connectHost", { params: { host }, body: {}, signal })),
  );
  await silent.promise;
  expect(await failureOf(connect("web1"))).toHaveProperty("code", "queue_full");
  leave.abort();
  await open;
  await expect.poll(() => connect("web1").catch(() => undefined)).toHaveProperty("host", "web1");
});
