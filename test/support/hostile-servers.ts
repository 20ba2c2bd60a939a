import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection, ServerChannel, Session } from "ssh2";
import type { ProblemCode } from "../../protocol/problem.ts";
import type { Outcome } from "../../protocol/run.ts";
import { channelId, message, plainPacket, sendPacket, wireOf } from "./hostile-wire.ts";
import type { Ssh2ServerOptions } from "./ssh2-server.ts";
import { socketOf, swapHostKey } from "./ssh2-server.ts";

/** A way in which a server misbehaves, and what must come of a run on it. */
export interface HostileMode {
  readonly name: string;
  /** What it does with a TCP connection, where it does not even get to SSH. */
  readonly talk?: (socket: Socket) => void;
  /** What it does where it is a server of ssh2's. */
  readonly server?: Ssh2ServerOptions;
  readonly outcome: Outcome;
  /** null: no problem at all. */
  readonly code: ProblemCode | null;
  readonly exitCode?: number;
  /** It never ends by itself and is cancelled. */
  readonly endless?: boolean;
}

const ident = "SSH-2.0-Hostile_1.0\r\n";
const [globalRequest, unimplemented, banner, data, request] = [80, 200, 53, 94, 98];

/** Writes for as long as the other side takes it. */
function pour(socket: Socket, bytes: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
}

/** Takes what comes and says what it says once, after the client's greeting. */
function after(said: string | Buffer, then: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    socket.write(said);
    socket.once("data", () => then(socket));
    socket.resume();
  };
}

const kexInit = plainPacket(
  Buffer.concat([
    Buffer.from([20]),
    Buffer.alloc(16, 7),
    message(0, "curve25519-sha256", "ssh-ed25519,rsa-sha2-256").subarray(1),
    message(0, "aes128-gcm@openssh.com", "aes128-gcm@openssh.com").subarray(1),
    message(0, "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", "").subarray(1),
    Buffer.alloc(5),
  ]),
);

const beforeLogin: readonly HostileMode[] = [
  {
    name: "a banner without end",
    talk: (socket) => pour(socket, Buffer.alloc(16_384, "x")),
    outcome: "failed",
    code: "protocol_error",
  },
  {
    name: "1 MB of lines before the banner",
    talk: (socket) => void socket.write(`${"hello there\r\n".repeat(80_000)}${ident}`),
    outcome: "failed",
    code: "protocol_error",
  },
  { name: "silence", talk: () => undefined, outcome: "failed", code: "timed_out" },
  {
    name: "a banner that trickles",
    talk: (socket) => {
      const timer = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(timer));
    },
    outcome: "failed",
    code: "timed_out",
  },
  {
    name: "a close at once",
    talk: (socket) => socket.destroy(),
    outcome: "failed",
    code: "host_unreachable",
  },
  {
    name: "garbage instead of a banner",
    talk: (socket) => void socket.write(Buffer.alloc(4096)),
    outcome: "failed",
    code: "protocol_error",
  },
  {
    name: "an answer of a web server",
    talk: (socket) => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    outcome: "failed",
    code: "protocol_error",
  },
  {
    name: "silence after the banner",
    talk: after(ident, () => undefined),
    outcome: "failed",
    code: "timed_out",
  },
  {
    name: "a close after the banner",
    talk: after(ident, (socket) => socket.destroy()),
    outcome: "failed",
    code: "host_unreachable",
  },
  {
    name: "garbage after the banner",
    talk: after(ident, (socket) => void socket.write(Buffer.alloc(65_536, 0xa5))),
    outcome: "failed",
    code: "protocol_error",
  },
  {
    name: "a packet of absurd length",
    talk: after(ident, (socket) => void socket.write(Buffer.from("ffffffff0514000000", "hex"))),
    outcome: "failed",
    code: "protocol_error",
  },
  {
    name: "packets of length zero",
    talk: after(ident, (socket) => pour(socket, Buffer.alloc(16_384))),
    outcome: "failed",
    code: "protocol_error",
  },
  {
    name: "key exchanges that begin again and again",
    talk: after(ident, (socket) => pour(socket, Buffer.concat(Array.from({ length: 64 }, () => kexInit)))),
    outcome: "failed",
    code: "protocol_error",
  },
];

const atLogin: readonly HostileMode[] = [
  {
    name: "silence at the login",
    server: { authentication: () => undefined },
    outcome: "failed",
    code: "timed_out",
  },
  {
    name: "login refused without end",
    server: { authentication: (context) => context.reject(["publickey", "password"]) },
    outcome: "failed",
    code: "authentication_failed",
  },
  {
    name: "banners without end at the login",
    server: { connected: floodBanners, authentication: () => undefined },
    outcome: "failed",
    code: "timed_out",
  },
  {
    name: "a close at the login",
    server: { authentication: (_context, connection) => socketOf(connection).destroy() },
    outcome: "failed",
    code: "host_unreachable",
  },
];

function floodBanners(connection: Connection): void {
  connection.on("handshake", () => {
    const text = message(banner, "You are not welcome. ".repeat(1000), "");
    const socket = socketOf(connection);
    const timer = setInterval(() => {
      if (socket.writableLength < 1_000_000) sendPacket(connection, text);
      // Within what it may ask for in a second: more is left as a flood, sooner or later than the deadline comes.
    }, 10);
    socket.on("close", () => clearInterval(timer));
  });
}

/** A server that has taken the command. */
function onExec(act: (channel: ServerChannel, connection: Connection) => void): Ssh2ServerOptions {
  return { exec: (channel, _command, connection) => act(channel, connection) };
}

/** 2 MiB are granted, and 1 MiB more when half has come: nothing takes the rest before the command begins. */
function overrun(accept: () => Session, _reject: unknown, { connection }: { connection: Connection }): void {
  const session = accept();
  session.removeAllListeners("exec");
  session.on("exec", (acceptExec) => {
    const id = channelId(Reflect.get(session, "_chanInfo"));
    for (let sent = 0; sent < 3_990_000; sent += 30_000)
      wireOf(connection).channelData(id, Buffer.alloc(30_000));
    leave(acceptExec(), connection);
  });
}

/** The end of a command as it should be. */
function leave(channel: ServerChannel, connection: Connection, code = 0): void {
  const wire = wireOf(connection);
  const id = channelId(channel);
  wire.exitStatus(id, code);
  wire.channelEOF(id);
  wire.channelClose(id);
}

const atSession: readonly HostileMode[] = [
  {
    name: "a session that is never opened",
    server: { session: () => undefined },
    outcome: "failed",
    code: "timed_out",
  },
  {
    name: "a session that is refused each time",
    server: { session: (_accept, reject) => reject() },
    outcome: "failed",
    code: "channel_refused",
  },
  {
    name: "a close at the session",
    server: { session: (_accept, _reject, { connection }) => socketOf(connection).destroy() },
    outcome: "failed",
    code: "host_unreachable",
  },
  {
    name: "a command that is never answered",
    server: {
      session: (accept) =>
        void accept()
          .removeAllListeners("exec")
          .on("exec", () => undefined),
    },
    endless: true,
    outcome: "cancelled",
    code: null,
  },
  {
    name: "a command that is refused",
    server: { session: (accept) => void accept().removeAllListeners("exec") },
    outcome: "failed",
    code: "channel_refused",
  },
  {
    name: "a close at the command",
    server: onExec((_channel, connection) => socketOf(connection).destroy()),
    outcome: "unknown",
    code: "connection_lost",
  },
];

const whileRunning: readonly HostileMode[] = [
  {
    name: "standard error after its end",
    server: onExec((channel, connection) => {
      wireOf(connection).channelEOF(channelId(channel));
      wireOf(connection).channelExtData(channelId(channel), Buffer.from("late"), 1);
      leave(channel, connection);
    }),
    outcome: "unknown",
    code: "protocol_error",
  },
  {
    name: "standard output after its end",
    server: onExec((channel, connection) => {
      wireOf(connection).channelEOF(channelId(channel));
      wireOf(connection).channelData(channelId(channel), Buffer.from("late"));
      leave(channel, connection);
    }),
    outcome: "unknown",
    code: "protocol_error",
  },
  {
    name: "data after the close",
    server: onExec((channel, connection) => {
      const id = channelId(channel);
      leave(channel, connection, 3);
      for (let count = 0; count < 100; count += 1) wireOf(connection).channelData(id, Buffer.alloc(1000));
    }),
    outcome: "exited",
    exitCode: 3,
    code: null,
  },
  {
    name: "more data than the window allows",
    server: { session: overrun },
    outcome: "unknown",
    code: "protocol_error",
  },
  {
    name: "an exit without a close",
    server: onExec((channel) => channel.exit(0)),
    endless: true,
    outcome: "cancelled",
    exitCode: 0,
    code: null,
  },
  {
    name: "a close without an exit",
    server: onExec((channel) => channel.close()),
    outcome: "unknown",
    code: "connection_lost",
  },
  {
    name: "two exits",
    server: onExec((channel, connection) => {
      wireOf(connection).exitStatus(channelId(channel), 3);
      leave(channel, connection, 0);
    }),
    outcome: "exited",
    exitCode: 3,
    code: null,
  },
  {
    name: "a signal and an exit",
    server: onExec((channel, connection) => {
      wireOf(connection).exitSignal(channelId(channel), "KILL", false, "");
      leave(channel, connection, 0);
    }),
    outcome: "signaled",
    code: null,
  },
  {
    name: "a session that is confirmed twice",
    server: onExec((channel, connection) => {
      wireOf(connection).channelOpenConfirm(channelId(channel), 0, 1_000_000, 32_768);
      leave(channel, connection, 4);
    }),
    outcome: "exited",
    exitCode: 4,
    code: null,
  },
  {
    name: "channels that nobody opened",
    server: onExec((channel, connection) => {
      for (const id of [4711, 0xff_ff_ff_ff, channelId(channel) + 1]) {
        wireOf(connection).channelData(id, Buffer.from("whose?"));
        wireOf(connection).exitStatus(id, 9);
        wireOf(connection).channelClose(id);
      }
      leave(channel, connection, 5);
    }),
    outcome: "unknown",
    code: "protocol_error",
  },
  {
    name: "a storm of channel requests",
    server: onExec((channel, connection) => {
      const asked = message(request, channelId(channel), "storm@hostile", true);
      for (let count = 0; count < 3000; count += 1) sendPacket(connection, asked);
      leave(channel, connection, 6);
    }),
    outcome: "exited",
    exitCode: 6,
    code: null,
  },
  {
    name: "a flood of global requests",
    server: onExec((channel, connection) => {
      const asked = message(globalRequest, "flood@hostile", true);
      for (let count = 0; count < 3000; count += 1) sendPacket(connection, asked);
      leave(channel, connection, 7);
    }),
    outcome: "exited",
    exitCode: 7,
    code: null,
  },
  {
    name: "messages of no known type",
    server: onExec((channel, connection) => {
      for (let count = 0; count < 1000; count += 1) sendPacket(connection, message(unimplemented, count));
      leave(channel, connection, 8);
    }),
    outcome: "exited",
    exitCode: 8,
    code: null,
  },
  {
    name: "a message that says it is longer than it is",
    server: onExec((channel, connection) => {
      sendPacket(connection, message(data, channelId(channel), 0x7f_ff_ff_ff));
    }),
    outcome: "unknown",
    code: "protocol_error",
  },
  {
    name: "garbage under a running command",
    server: onExec((_channel, connection) => void socketOf(connection).write(Buffer.alloc(8192, 0x5a))),
    outcome: "unknown",
    code: "protocol_error",
  },
  {
    name: "a disconnect under a running command",
    server: onExec((_channel, connection) => wireOf(connection).disconnect(11)),
    outcome: "unknown",
    code: "connection_lost",
  },
  {
    name: "another host key at a new key exchange",
    server: onExec((_channel, connection) => swapHostKey(connection)),
    outcome: "unknown",
    code: "host_key_changed",
  },
  {
    name: "a window that overflows",
    server: onExec((channel, connection) => {
      for (let count = 0; count < 100; count += 1) {
        wireOf(connection).channelWindowAdjust(channelId(channel), 0xff_ff_ff_ff);
      }
      void delay(10).then(() => leave(channel, connection, 9));
    }),
    outcome: "exited",
    exitCode: 9,
    code: null,
  },
];

export const hostileModes: readonly HostileMode[] = [
  ...beforeLogin,
  ...atLogin,
  ...atSession,
  ...whileRunning,
];
