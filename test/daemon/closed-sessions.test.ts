import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection, Session } from "ssh2";
import { expect, test } from "vitest";
import { openCounter } from "../support/counter.ts";
import { times } from "../support/fault-counts.ts";
import { channelId, wireOf } from "../support/hostile-wire.ts";
import { containing } from "../support/matching.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";
import { openSshd } from "../support/sshd.ts";

type Request = "exec" | "pty";

interface ClosingServer {
  readonly ident?: string;
  /** The sessions that it closes, by their numbers from 1, when this is asked for. */
  readonly closes: (number: number) => boolean;
  readonly at?: Request;
  /** What it sends before it closes one. */
  readonly before?: (id: number, connection: Connection) => void;
}

/** A server that closes sessions instead of answering; what it does run is counted. */
async function openClosingServer({ ident = "OpenSSH_9.9", closes, at = "exec", before }: ClosingServer) {
  let executed = 0;
  const server = await openSsh2Server({
    ident,
    session: (accept, _reject, { number, connection }) => {
      const session: Session = accept();
      session.on("pty", (take) => take());
      if (!closes(number)) return;
      session.removeAllListeners(at);
      session.on(at, () => {
        const id = channelId(Reflect.get(session, "_chanInfo"));
        before?.(id, connection);
        wireOf(connection).channelClose(id);
      });
    },
    exec: (channel) => {
      executed += 1;
      channel.exit(0);
      channel.end();
    },
  });
  return Object.assign(server, { executed: () => executed });
}

test.each<Request>(["exec", "pty"])(
  "a session that is closed instead of the %s gives way to another",
  async (at) => {
    await using server = await openClosingServer({ closes: (number) => number === 2, at });
    await using pool = await openSshPool({ trust: [server] });
    for (let count = 0; count < 3; count += 1) {
      const run = await pool.run(targetOf(server), "any", {
        pty: at === "pty" ? { cols: 80, rows: 24 } : null,
      });
      expect(run.end).toEqual({ kind: "exited", code: 0 });
    }
    expect([server.executed(), server.connections.length]).toEqual([3, 1]);
  },
);

test("a server that closes every session is told as such, and nothing is tried for ever", async () => {
  await using server = await openClosingServer({ closes: () => true });
  await using pool = await openSshPool({ trust: [server] });
  await expect(pool.run(targetOf(server), "any")).rejects.toMatchObject({
    code: "channel_refused",
    message: containing("closes every session"),
  });
  expect(pool.pool.metrics()).toMatchObject({ connections: 1, channels: 0 });
});

test("a server that is not known to answer first may have run the command", async () => {
  await using server = await openClosingServer({ ident: "Other_1.0", closes: (number) => number === 1 });
  await using pool = await openSshPool({ trust: [server] });
  const run = await pool.run(targetOf(server), "any");
  expect(run.end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
  expect(server.executed()).toBe(0);
});

test("a command that has shown itself is not sent again, whatever the server answered", async () => {
  const output = Buffer.from("it runs");
  for (const before of [
    (id: number, connection: Connection) => wireOf(connection).exitStatus(id, 3),
    (id: number, connection: Connection) => wireOf(connection).channelData(id, output),
    (id: number, connection: Connection) => wireOf(connection).channelExtData(id, output, 1),
  ]) {
    await using server = await openClosingServer({ closes: (number) => number === 1, before });
    await using pool = await openSshPool({ trust: [server] });
    const { end, stdout, stderr } = await pool.run(targetOf(server), "any");
    expect(server.executed()).toBe(0);
    if (stdout.length + stderr.length === 0) expect(end).toEqual({ kind: "exited", code: 3 });
    else expect(end).toMatchObject({ kind: "lost" });
  }
});

test("sessions that were opened ahead are good where the server closes silent ones", {
  timeout: times(60_000, 300_000),
}, async () => {
  await using sshd = await openSshd({ options: { ChannelTimeout: "session:*=1" } });
  await using counter = await openCounter();
  await using pool = await openSshPool({ trust: [sshd] });
  const runs = times(3, 60);
  for (let count = 0; count < runs; count += 1) {
    // sshd counts whole seconds of the time since the start, and would close a run that begins right before the next.
    const seconds = Number((await readFile("/proc/uptime", "latin1")).split(" ")[0]);
    await delay(1000 * (1.05 - (seconds % 1)));
    const run = await pool.run(targetOf(sshd), counter.command);
    expect(run.end).toEqual({ kind: "exited", code: 0 });
  }
  expect(await counter.count()).toBe(runs);
  expect(pool.pool.metrics().opened).toBe(1);
});
