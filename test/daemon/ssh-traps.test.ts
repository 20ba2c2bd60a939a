import { once } from "node:events";
import type { Connection } from "ssh2";
import { expect, test } from "vitest";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import {
  nextKeyExchange,
  openSsh2Server,
  type Ssh2Server,
  socketOf,
  swapHostKey,
} from "../support/ssh2-server.ts";
import { openSshd } from "../support/sshd.ts";

/** ssh2's own server part, which can be made to say what no server should. */
interface Wire {
  channelEOF(id: number): void;
  channelData(id: number, data: Buffer): void;
  channelExtData(id: number, data: Buffer, type: number): void;
  exitStatus(id: number, code: number): void;
  channelClose(id: number): void;
}

function wireOf(connection: Connection | undefined): Wire {
  const wire: unknown = connection === undefined ? undefined : Reflect.get(connection, "_protocol");
  const isWire = (value: unknown): value is Wire => typeof value === "object" && value !== null;
  if (!isWire(wire)) throw new Error("no protocol");
  return wire;
}

/** The number that the other side has for a channel. */
function idOf(channel: unknown): number {
  const inner = (owner: unknown, name: string): unknown =>
    typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
  return Number(inner(inner(channel, "outgoing"), "id"));
}

test("trap 2: standard error after its end does no harm to the process or to other runs", async () => {
  await using server = await openSsh2Server({
    exec: (channel, command, connection) => {
      const wire = wireOf(connection);
      if (command === "good") {
        channel.write("good\n", () => {
          channel.exit(0);
          channel.end();
        });
        return;
      }
      wire.channelEOF(idOf(channel));
      wire.channelExtData(idOf(channel), Buffer.from("too late"), 1);
      wire.exitStatus(idOf(channel), 0);
      wire.channelClose(idOf(channel));
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  const bad = await pool.run(targetOf(server), "bad");
  expect(bad.end).toMatchObject({ kind: "lost", problem: { code: "protocol_error" } });
  const good = await pool.run(targetOf(server), "good");
  expect(good).toMatchObject({ end: { kind: "exited", code: 0 }, process: { reused: true } });
});

test("trap 6: standard output after its end is not dropped silently", async () => {
  await using server = await openSsh2Server({
    exec: (channel, _command, connection) => {
      const wire = wireOf(connection);
      wire.channelData(idOf(channel), Buffer.from("in time"));
      wire.channelEOF(idOf(channel));
      wire.channelData(idOf(channel), Buffer.from("too late"));
      wire.exitStatus(idOf(channel), 0);
      wire.channelClose(idOf(channel));
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  const run = await pool.run(targetOf(server), "any");
  expect(run.end).toMatchObject({ kind: "lost", problem: { code: "protocol_error" } });
});

/** A server that sends 4 MB before it takes a command: 2 MiB are granted, and 1 MiB more when half has come. */
function openFlood(size: number): Promise<Ssh2Server> {
  return openSsh2Server({
    session: (accept, _reject, { connection }) => {
      const session = accept();
      session.removeAllListeners("exec");
      session.on("exec", (acceptExec) => {
        const info: unknown = Reflect.get(session, "_chanInfo");
        for (let sent = 0; sent < 3_990_000; sent += size) {
          wireOf(connection).channelData(idOf(info), Buffer.alloc(size));
        }
        const channel = acceptExec();
        channel.exit(0);
        channel.end();
      });
    },
  });
}

test.each([30_000, 32_768])("trap 6: more data than the window allows, %i bytes a packet", async (size) => {
  await using server = await openFlood(size);
  await using pool = await openSshPool({ trust: [server] });
  const run = await pool.run(targetOf(server), "any");
  expect(run.end).toMatchObject({ kind: "lost", problem: { code: "protocol_error" } });
});

test("trap 3: a listener that throws loses its own run only", async () => {
  await using sshd = await openSshd();
  await using pool = await openSshPool({ trust: [sshd] });
  const sibling = await pool.start(targetOf(sshd), "echo up; read line; echo $line");
  await sibling.shown("up");
  const thrower = await pool.start(targetOf(sshd), "echo boom; sleep 5", {
    stdout: () => {
      throw new Error("the record is full");
    },
  });
  expect((await thrower.finished).end).toMatchObject({ kind: "lost" });
  sibling.process.stdin.end("alive\n");
  const { stdout, end } = await sibling.finished;
  expect([stdout.toString(), end]).toEqual(["up\nalive\n", { kind: "exited", code: 0 }]);
  expect(pool.pool.metrics()).toMatchObject({ opened: 1, connections: 1 });
});

test("trap 4: a session that closes without an exit status is lost, never 0", async () => {
  await using server = await openSsh2Server({ exec: (channel) => channel.close() });
  await using pool = await openSshPool({ trust: [server] });
  const run = await pool.run(targetOf(server), "any");
  expect(run.end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
});

test("trap 4: an exit status is not the end: without the session's close the run is lost", async () => {
  await using server = await openSsh2Server({
    exec: (channel, _command, connection) => {
      channel.exit(0);
      channel.write("half of the out", () => socketOf(connection).end());
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  const run = await pool.run(targetOf(server), "any");
  expect(run.stdout.toString()).toBe("half of the out");
  expect(run.end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
});

test("an end is reported only once the process is known", async () => {
  await using server = await openFlood(32_768);
  await using pool = await openSshPool({ trust: [server] });
  const told: string[] = [];
  const ended = Promise.withResolvers<void>();
  const listener = {
    step: () => undefined,
    banner: () => undefined,
    stdout: () => undefined,
    stderr: () => undefined,
    end: () => {
      told.push("end");
      ended.resolve();
    },
  };
  const request = { command: () => "any", pty: null, connectTimeoutMs: 5000, agentSocket: null };
  await pool.pool.exec(targetOf(server), request, listener, new AbortController().signal);
  told.push("process");
  await ended.promise;
  expect(told).toEqual(["process", "end"]);
});

test("trap 7: a server that never confirms a close does not hold the run", async () => {
  await using server = await openSsh2Server({ exec: (channel) => channel.write("up") });
  await using pool = await openSshPool({ trust: [server] });
  const started = await pool.start(targetOf(server), "any");
  await started.shown("up");
  socketOf(server.connections[0]).pause();
  started.process.close();
  expect((await started.finished).end).toMatchObject({ kind: "lost" });
  expect(pool.pool.metrics().channels).toBe(0);
});

test("trap 8: keepalives find a connection that went silent under a run", async () => {
  await using server = await openSsh2Server({ exec: (channel) => channel.write("up") });
  await using pool = await openSshPool({ trust: [server], limits: { keepaliveMs: 50 } });
  const started = await pool.start(targetOf(server), "any");
  await started.shown("up");
  socketOf(server.connections[0]).pause();
  const { end } = await started.finished;
  expect(end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
  expect(end.kind === "lost" && end.problem.message).toContain(
    "keepalives went unanswered (one every 0.05 s)",
  );
  expect(pool.pool.metrics().connections).toBe(0);
});

test("trap 10: a refused channel never ran: it is tried again on the same connection", async () => {
  await using server = await openSsh2Server({
    session: (accept, reject, { number }) => {
      if (number === 1) reject();
      else accept();
    },
    exec: (channel) => {
      channel.exit(0);
      channel.end();
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  expect((await pool.run(targetOf(server), "any")).end).toEqual({ kind: "exited", code: 0 });
  expect(server.connections.length).toBe(1);
});

test("a connection that turns out to be dead before the command was sent is replaced once", async () => {
  let executed = 0;
  await using server = await openSsh2Server({
    session: (accept, _reject, { number, connection }) => {
      if (number === 2) connection.end();
      else accept();
    },
    exec: (channel) => {
      executed += 1;
      channel.exit(0);
      channel.end();
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  await pool.run(targetOf(server), "first");
  const second = await pool.run(targetOf(server), "second");
  expect(second).toMatchObject({ end: { kind: "exited", code: 0 }, process: { reused: false } });
  expect([executed, server.connections.length]).toEqual([2, 2]);
});

test("a connection that dies after the command was sent is not tried again", async () => {
  let executed = 0;
  await using server = await openSsh2Server({
    session: (accept, _reject, { connection }) => {
      accept().prependListener("exec", () => {
        executed += 1;
        socketOf(connection).destroy();
      });
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  const run = await pool.run(targetOf(server), "any");
  expect(run.end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
  expect(executed).toBe(1);
});

test("a command that the server never answers for may run: it did not fail to start", async () => {
  let executed = 0;
  await using server = await openSsh2Server({
    session: (accept) => {
      accept()
        .removeAllListeners("exec")
        .on("exec", () => {
          executed += 1;
        });
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  // The login has its own time.
  const options = { connectTimeoutMs: 10_000, agentSocket: null };
  await pool.pool.probe(targetOf(server), options, new AbortController().signal);
  const run = await pool.start(targetOf(server), "any", { connectTimeoutMs: 1000 });
  expect(executed).toBe(1);
  run.process.close();
  expect((await run.finished).end).toMatchObject({ kind: "lost", problem: { code: "connection_lost" } });
});

test("a command that the server does not take is a refused channel", async () => {
  await using server = await openSsh2Server({
    session: (accept) => {
      accept().removeAllListeners("exec");
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  await expect(pool.run(targetOf(server), "any")).rejects.toMatchObject({ code: "channel_refused" });
  expect(pool.pool.metrics()).toMatchObject({ connections: 1, channels: 0 });
});

test("trap 1: at a new key exchange another host key ends the connection", async () => {
  await using server = await openSsh2Server({ exec: (channel) => channel.write("up") });
  await using pool = await openSshPool({ trust: [server] });
  const started = await pool.start(targetOf(server), "any");
  await started.shown("up");
  swapHostKey(server.connections[0]);
  expect((await started.finished).end).toMatchObject({
    kind: "lost",
    problem: {
      code: "host_key_changed",
      members: { expected: [{ at: "the beginning of this connection" }] },
    },
  });
});

test("at a new key exchange with another host key nothing that was typed is sent any more", async () => {
  let received = "";
  const logins: string[] = [];
  await using server = await openSsh2Server({
    exec: (channel) => {
      channel.write("up");
      channel.on("data", (chunk: Buffer) => {
        received += chunk.toString();
      });
    },
    authentication: (context) => {
      logins.push(context.method);
      context.accept();
    },
  });
  await using pool = await openSshPool({ trust: [server] });
  const started = await pool.start(targetOf(server), "any");
  await started.shown("up");
  const before = logins.length;
  const exchanging = nextKeyExchange(server.connections[0]);
  swapHostKey(server.connections[0]);
  await exchanging;
  started.process.stdin.end("canary");
  expect((await started.finished).end).toMatchObject({ kind: "lost" });
  await once(socketOf(server.connections[0]), "close");
  expect(received).toBe("");
  expect(logins).toHaveLength(before);
});

test("a new key exchange with the same key goes unnoticed", async () => {
  await using sshd = await openSshd({ options: { RekeyLimit: "1M none", LogLevel: "DEBUG1" } });
  await using pool = await openSshPool({ trust: [sshd] });
  const run = await pool.run(targetOf(sshd), "head -c 8000000 /dev/zero");
  expect([run.stdout.length, run.end]).toEqual([8_000_000, { kind: "exited", code: 0 }]);
  expect(sshd.log().match(/rekey (in|out) after/g)?.length ?? 0).toBeGreaterThan(3);
});
