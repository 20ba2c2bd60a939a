import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { freePort } from "./server-process.ts";

/** A TCP server that is no SSH server. */
export interface TcpPeer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** How many connections it has taken. */
  accepted(): number;
}

/**
 * Listens on loopback; `talk` says what is done with each connection: nothing is a peer that stays silent. With
 * `allowHalfOpen` it does not hang up when the other side does.
 */
export async function openTcpPeer(
  talk: (socket: Socket) => void = () => undefined,
  options: { allowHalfOpen?: boolean } = {},
): Promise<TcpPeer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer(options, (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    talk(socket);
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    address: "127.0.0.1",
    port,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
