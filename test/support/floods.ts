import type { Connection, ServerChannel } from "ssh2";
import { channelId, message, sendPacket, wireOf } from "./hostile-wire.ts";
import { socketOf } from "./ssh2-server.ts";

/** What a server sends without end. */
export interface Flood {
  readonly name: string;
  /** One message on a command's channel. */
  readonly message: (channel: number) => Buffer;
  /** It reads what is sent to it. */
  readonly reads?: boolean;
}

const hostKeys = Array.from({ length: 300 }, () => "hostkey");

export const floods: readonly Flood[] = [
  {
    name: "channels",
    message: () => message(90, "forwarded-tcpip", 7, 1_000_000, 32_768, "localhost", 1, "localhost", 1),
  },
  { name: "channels of no known type", message: () => message(90, "flood@hostile", 7, 1_000_000, 32_768) },
  { name: "global requests", message: () => message(80, "keepalive@openssh.com", true) },
  { name: "global requests, reading the answers", message: () => message(80, "any", true), reads: true },
  {
    name: "host keys to be proved",
    message: () => message(80, "hostkeys-00@openssh.com", false, ...hostKeys),
  },
  { name: "channel requests", message: (channel) => message(98, channel, "keepalive@openssh.com", true) },
  { name: "window adjusts", message: (channel) => message(93, channel, 1) },
  { name: "ignored messages", message: () => message(2, "x") },
  { name: "debug messages", message: () => message(4, false, ": key options:".repeat(2000), "") },
  { name: "pings", message: () => message(192, "x") },
];

/** What such a server does with a command. */
export function floodingExec({ message: make, reads }: Flood) {
  return (channel: ServerChannel, _command: string, connection: Connection): void => {
    const socket = socketOf(connection);
    const packet = make(channelId(channel));
    if (reads !== true) socket.pause();
    const more = (): void => {
      for (let count = 0; count < 1000 && !socket.destroyed && !socket.writableNeedDrain; count += 1) {
        sendPacket(connection, packet);
      }
      if (!socket.destroyed && !socket.writableNeedDrain) setImmediate(more);
    };
    socket.on("drain", more);
    more();
  };
}

/** Changes the keys again as soon as they are changed. */
export function rekeyingExec(_channel: ServerChannel, _command: string, connection: Connection): void {
  connection.on("rekey", () => wireOf(connection).rekey());
  wireOf(connection).rekey();
}
