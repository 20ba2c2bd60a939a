import { connect, type Socket } from "node:net";

/** PROTOCOL.mux: message numbers, and the protocol's version. */
const hello = 0x00000001;
const proxyRequest = 0x1000000f;
const proxyGranted = 0x8000000f;
const version = 4;
const requestId = 1;

/** Responses consist of a few words. */
const maxMessageBytes = 64 * 1024;

/**
 * Connects to the control socket of an `ssh` and makes it forward raw channel messages (`ssh -O proxy`). From then on the
 * socket carries frames of those. Rejects if nothing listens there or proxying is not supported, or with the signal's
 * reason.
 */
export function openProxy(path: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect(path);
    let received: Buffer = Buffer.alloc(0);
    let greeted = false;
    const settle = (end: () => void): void => {
      signal.removeEventListener("abort", abort);
      socket.removeListener("readable", read);
      socket.removeListener("close", fail);
      end();
    };
    const fail = (): void =>
      settle(() => {
        socket.destroy();
        reject(new Error("The control socket gives no access to the connection"));
      });
    const abort = (): void =>
      settle(() => {
        socket.destroy();
        reject(signal.reason instanceof Error ? signal.reason : new Error("given up"));
      });
    const read = (): void => {
      const chunk: unknown = socket.read();
      if (Buffer.isBuffer(chunk)) received = Buffer.concat([received, chunk]);
      for (let next = take(received); next !== undefined; next = take(received)) {
        const type = next.message.length < 4 ? -1 : next.message.readUInt32BE(0);
        received = next.rest;
        if (!greeted && type === hello) {
          greeted = true;
        } else if (greeted && type === proxyGranted) {
          settle(() => {
            if (received.length > 0) socket.unshift(received);
            resolve(socket);
          });
          return;
        } else {
          fail();
          return;
        }
      }
      if (received.length > maxMessageBytes) fail();
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", () => undefined);
    socket.once("close", fail);
    socket.on("readable", read);
    socket.write(Buffer.concat([message(hello, version), message(proxyRequest, requestId)]));
  });
}

function message(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * numbers.length);
  for (const [at, number] of [4 * numbers.length, ...numbers].entries()) bytes.writeUInt32BE(number, 4 * at);
  return bytes;
}

function take(bytes: Buffer): { message: Buffer; rest: Buffer } | undefined {
  if (bytes.length < 4) return undefined;
  const end = 4 + bytes.readUInt32BE(0);
  return bytes.length < end ? undefined : { message: bytes.subarray(4, end), rest: bytes.subarray(end) };
}
