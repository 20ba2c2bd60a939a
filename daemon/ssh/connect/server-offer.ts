import type { Duplex } from "node:stream";
import { readString } from "../wire-string.ts";

/**
 * The algorithms of a server's SSH_MSG_KEXINIT (RFC 4253, section 7.1); `to` and `from` are the directions as seen from
 * here.
 */
export interface ServerOffer {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  readonly cipher: { readonly to: readonly string[]; readonly from: readonly string[] };
  readonly hmac: { readonly to: readonly string[]; readonly from: readonly string[] };
}

export interface OfferReading extends Disposable {
  /** The server's offer; undefined if it has not arrived or could not be parsed. */
  offer(): ServerOffer | undefined;
}

const kexInit = 20;
const maxBytes = 128 * 1024;
const maxPacketBytes = 35_000;

/** Records what arrives on a paused `stream`, greeting included, until disposed of: it explains a failed key exchange. */
export function readServerOffer(stream: Duplex): OfferReading {
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  };
  stream.on("data", take);
  return {
    offer: () => parseServerOffer(Buffer.concat(chunks)),
    [Symbol.dispose]() {
      stream.removeListener("data", take);
      chunks.length = 0;
    },
  };
}

/** `bytes` start with the server's greeting. */
export function parseServerOffer(bytes: Buffer): ServerOffer | undefined {
  const greeting = /(?:^|\n)SSH-[^\n]*\n/.exec(bytes.toString("latin1"));
  if (greeting === null) return undefined;
  let at = greeting.index + greeting[0].length;
  // Each packet: its length, its padding length, and its message.
  while (at + 5 < bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length || end - at > maxPacketBytes) return undefined;
    const type = bytes.readUInt8(at + 5);
    if (type === kexInit) return parseLists(bytes.subarray(at + 5, end));
    // Only messages that are to be ignored may come before it.
    if (type > kexInit) return undefined;
    at = end;
  }
  return undefined;
}

/** The name-lists follow the message's type and a 16-byte cookie. */
function parseLists(message: Buffer): ServerOffer | undefined {
  const lists: string[][] = [];
  for (let at = 17; lists.length < 6; ) {
    const list = readString(message, at);
    if (list === undefined) return undefined;
    lists.push(list.value.toString("latin1").split(","));
    at = list.end;
  }
  const [kex = [], serverHostKey = [], cipherTo = [], cipherFrom = [], hmacTo = [], hmacFrom = []] = lists;
  return {
    kex,
    serverHostKey,
    cipher: { to: cipherTo, from: cipherFrom },
    hmac: { to: hmacTo, from: hmacFrom },
  };
}
