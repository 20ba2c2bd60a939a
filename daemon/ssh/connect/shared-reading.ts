import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { platform } from "node:os";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { hasNativeCrypto, replaceDecrypting } from "../ssh2-internals.ts";
import { inWholePackets } from "./whole-packets.ts";

const bufferBytes = 64 * 1024;
/** Windows reads ahead, into the buffer of each socket; others read at the moment when it is handed on. */
const canShare = platform() !== "win32";
let shared: Buffer | undefined;

/** The sockets whose listeners are done with their bytes when they return. */
const transient = new WeakSet<Duplex>();

/**
 * Connects a socket that reads into one buffer with all the others: Node makes one of 64 KiB for each read otherwise, and
 * garbage is what a long output costs most.
 *
 *     system -> the buffer -> listeners, once they keep nothing (`handOnBriefly`)
 *                         \-> a copy until then, and while nobody takes it
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

/** Makes no copies of what `client` reads from its socket, as long as it keeps nothing of that. */
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
 * Whether ssh2 keeps nothing of encrypted packets when it has read them. It does with other ciphers, or its native binding, until
 * a packet is whole; and without encryption for as long as it needs the message.
 */
export function keepsNothingOf(cipher: string): boolean {
  return /^aes\d+-gcm@openssh\.com$/.test(cipher) && !hasNativeCrypto();
}

/** False: no more is to be read for now. */
function handOn(socket: Socket, bytes: Buffer): boolean {
  const isTakenNow = socket.readableFlowing === true && socket.readableLength === 0;
  if (!isTakenNow || !transient.has(socket)) return socket.push(Buffer.from(bytes));
  socket.emit("data", bytes);
  return true;
}
