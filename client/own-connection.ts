import { connect, type Socket } from "node:net";
import type { Reply } from "./reply.ts";

/** A request that is small enough to be sent at once. */
export interface WholeRequest {
  readonly method: string;
  /** Includes the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The same as Node's own limit. */
const maxHeadBytes = 16 * 1024;

/**
 * Sends one request on a new connection that is closed after its response: HTTP/1.0, in which the body ends with the
 * connection. Node's own client takes too long to load for a command line. Rejects with the socket's error, or with
 * the signal's reason.
 */
export async function requestOnce(
  socketPath: string,
  { method, path, headers, body }: WholeRequest,
  signal?: AbortSignal,
): Promise<Reply> {
  const socket = connect({ path: socketPath });
  // An error that occurs while nothing waits is found by the next read.
  socket.on("error", () => undefined);
  const abort = (): void => void socket.destroy(abortErrorOf(signal));
  signal?.addEventListener("abort", abort);
  socket.once("close", () => signal?.removeEventListener("abort", abort));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.0\r\n${lines.join("")}\r\n${body ?? ""}`);
  const { status, length } = parseHead(await readHead(socket));
  return { status, length, body: socket };
}

function abortErrorOf(signal: AbortSignal | undefined): Error | undefined {
  return signal?.reason instanceof Error ? signal.reason : undefined;
}

/** Reads up to the empty line; what follows stays in the socket's buffer. */
function readHead(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end === -1 && head.length <= maxHeadBytes) return;
      if (end === -1) {
        socket.destroy(unreadable());
        return;
      }
      socket.off("data", onData).off("close", onClose).pause();
      if (end + 4 < head.length) socket.unshift(head.subarray(end + 4));
      resolve(head.toString("latin1", 0, end));
    };
    const onClose = (): void => reject(socket.errored ?? new Error("The connection was closed."));
    socket.on("data", onData).on("close", onClose);
  });
}

function parseHead(head: string): Pick<Reply, "status" | "length"> {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  const length = /^content-length: *(\d{1,15})\r?$/im.exec(head)?.[1];
  if (status === undefined) throw unreadable();
  return { status: Number(status), length: length === undefined ? undefined : Number(length) };
}

function unreadable(): Error {
  return new Error("The answer was not HTTP.");
}
