import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { platform } from "node:os";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { hasNativeCrypto, replaceDecrypting } from "../ssh2-internals.ts";
import { inWholePackets } from "./whole-packets.ts";

const bufferBytes = 64 * 1024;
/** Windows reads ahead into each socket's buffer; elsewhere data is read at the moment when it is handed on. */
const canShare = platform() !== "win32";
let shared: Buffer | undefined;

/** The sockets whose listeners no longer need the bytes once they return. */
const transient = new WeakSet<Duplex>();

/**
 * Connects a socket that reads into a buffer shared with all the others: otherwise Node allocates 64 KiB for each read,
 * and garbage is the largest cost of long output.
 *
 *     system -> shared buffer -> listeners, once they keep nothing (`handOnBriefly`)
 *                            \-> a copy until then, and while nobody reads
 */
export function connectSharing(options: TcpNetConnectOpts): Socket {
  const own = canShare ? (shared ??= Buffer.allocUnsafeSlow(bufferBytes)) : undefined;
  const socket: Socket = connect({
    ...options,
    onread: {
      buffer: own ?? Buffer.allocUnsafeSlow(bufferBytes),
      callback: (size: number, { buffer, byteOffset }: Uint8Array): boolean =>
        handOn(socket, Buffer.from(buffer, byteOffset, size)),
    },
  });
  return socket;
}

/** Avoids copies of what `client` reads from its socket, as long as it keeps none of it. */
export function handOnBriefly(client: Client, socket: Duplex): void {
  client.on("handshake", ({ sc }) => {
    if (!keepsNothingOf(sc.cipher)) {
      transient.delete(socket);
      return;
    }
    transient.add(socket);
    replaceDecrypting(client, inWholePackets);
  });
}

/**
 * Whether ssh2 keeps nothing of an encrypted packet after reading it. With other ciphers, or with its native binding, it
 * keeps data until a packet is complete; without encryption, for as long as it needs the message.
 */
export function keepsNothingOf(cipher: string): boolean {
  return /^aes\d+-gcm@openssh\.com$/.test(cipher) && !hasNativeCrypto();
}

/** False: stop reading for now. */
function handOn(socket: Socket, bytes: Buffer): boolean {
  const isTakenNow = socket.readableFlowing === true && socket.readableLength === 0;
  if (!isTakenNow || !transient.has(socket)) return socket.push(Buffer.from(bytes));
  socket.emit("data", bytes);
  return true;
}
