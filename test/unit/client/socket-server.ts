import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { openDirectory } from "../../support/directory.ts";
import { Transport } from "../../../client/transport.ts";

/** A real HTTP server on a Unix socket, and a transport to it. */
export interface SocketServer extends AsyncDisposable {
  readonly socket: string;
  readonly transport: Transport;
  /** Every request so far, in order. */
  readonly requests: readonly IncomingMessage[];
  /** How many connections were made so far. */
  connections(): number;
  /** Waits until no connection is open. */
  empty(): Promise<void>;
}

export async function openSocketServer(
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
  options: { keepAliveTimeout?: number } = {},
): Promise<SocketServer> {
  const directory = await openDirectory();
  const socket = directory.join("daemon.sock");
  const requests: IncomingMessage[] = [];
  const server = createServer(options, (request, response) => {
    requests.push(request);
    listener(request, response);
  });
  let made = 0;
  const open = new Set<unknown>();
  server.on("connection", (connection) => {
    made += 1;
    open.add(connection);
    connection.on("close", () => {
      open.delete(connection);
      server.emit("left");
    });
  });
  server.listen(socket);
  await once(server, "listening");
  const transport = new Transport(socket);
  return {
    socket,
    transport,
    requests,
    connections: () => made,
    empty: async () => {
      while (open.size > 0) await once(server, "left");
    },
    [Symbol.asyncDispose]: async () => {
      transport[Symbol.dispose]();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (failure) {
    return failure;
  }
  throw new Error("It did not fail.");
}
