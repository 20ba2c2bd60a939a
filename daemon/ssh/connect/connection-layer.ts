import type { Duplex } from "node:stream";
import { Client } from "ssh2";

/** Messages of the connection protocol that belong to a channel (RFC 4250, section 4.1.2). */
const channelMessages = { first: 90, last: 100 };
/** OpenSSH's PACKET_MAX_SIZE. */
const maxFrameBytes = 256 * 1024;
/** A frame's length, then a padding length, which is 0. */
const headBytes = 5;

/**
 * Creates an ssh2 client that opens channels on a connection established and authenticated by another process. `socket`
 * carries only channel messages, framed as in OpenSSH's proxy multiplexing (PROTOCOL.mux, section 8): a length (uint32),
 * a zero byte, the message. The client's other messages are dropped, since the connection's owner sends those. `server`
 * is the server's software version, by which ssh2 chooses its workarounds.
 */
export function openConnectionLayer(socket: Duplex, server: string): Client {
  const client = new Client();
  client.connect({ sock: socket, username: "", readyTimeout: 0, keepaliveInterval: 0 });
  const protocol = insidesOf(client);
  if (protocol === undefined) {
    socket.destroy();
    throw new TypeError("ssh2 has changed: it can't be given a connection that is logged in");
  }
  const header = { greeting: "", identRaw: "", versions: { protocol: "2.0", software: server } };
  const reader = new FrameReader((message) => protocol.call("_onPayload", message));
  // ssh2 starts in a later turn of the event loop, and would first send its identification.
  protocol.set("start", () => undefined);
  protocol.set(
    "_cipher",
    frameWriter((frame) => protocol.call("_onWrite", frame)),
  );
  protocol.set("_decipher", reader);
  protocol.set("_parse", (chunk: Buffer, at: number, end: number) => reader.decrypt(chunk, at, end));
  protocol.call("_onHeader", header);
  return client;
}

/** What ssh2 passes its messages to, instead of a cipher. */
interface FrameWriter {
  outSeqno: number;
  allocPacket(messageBytes: number): Buffer;
  encrypt(frame: Buffer): void;
  free(): void;
}

function frameWriter(write: (frame: Buffer) => unknown): FrameWriter {
  let over = false;
  return {
    outSeqno: 0,
    allocPacket(messageBytes) {
      const frame = Buffer.allocUnsafe(headBytes + messageBytes);
      frame.writeUInt32BE(messageBytes + 1);
      frame[headBytes - 1] = 0;
      return frame;
    },
    encrypt(frame) {
      const type = frame[headBytes] ?? 0;
      if (!over && type >= channelMessages.first && type <= channelMessages.last) write(frame);
    },
    free() {
      over = true;
    },
  };
}

/** Splits the input into frames, in place of ssh2's decipher. */
class FrameReader {
  inSeqno = 0;
  readonly #onMessage: (message: Buffer) => unknown;
  #held = Buffer.alloc(0);
  #pieces: Buffer[] = [];
  #missing = 0;

  constructor(onMessage: (message: Buffer) => unknown) {
    this.#onMessage = onMessage;
  }

  free(): void {
    this.#held = Buffer.alloc(0);
    this.#pieces = [];
  }

  /**
   * ssh2's contract: returns where to continue, or undefined when everything was read. Throws if the data is not a frame.
   */
  decrypt(chunk: Buffer, at: number, end: number): number | undefined {
    let from = at;
    while (from < end) {
      const frame = this.#missing > 0 ? this.#body(chunk, from, end) : this.#head(chunk, from, end);
      from = frame.end;
      if (frame.message === undefined) continue;
      const next = this.#onMessage(frame.message);
      if (next !== undefined) return typeof next === "number" ? next : from;
    }
    return undefined;
  }

  #head(chunk: Buffer, from: number, end: number): { end: number; message?: Buffer } {
    const taken = Math.min(headBytes - this.#held.length, end - from);
    this.#held = Buffer.concat([this.#held, chunk.subarray(from, from + taken)]);
    if (this.#held.length < headBytes) return { end: from + taken };
    const length = this.#held.readUInt32BE(0);
    if (length < 2 || length > maxFrameBytes) throw new Error("Bad frame length");
    this.#held = Buffer.alloc(0);
    this.#missing = length - 1;
    return { end: from + taken };
  }

  #body(chunk: Buffer, from: number, end: number): { end: number; message?: Buffer } {
    const piece = chunk.subarray(from, Math.min(end, from + this.#missing));
    this.#pieces.push(piece);
    this.#missing -= piece.length;
    const next = from + piece.length;
    if (this.#missing > 0) return { end: next };
    const message = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.inSeqno += 1;
    return { end: next, message };
  }
}

type Method = "start" | "_parse" | "_onPayload" | "_onWrite" | "_onHeader";
const methods: readonly Method[] = ["start", "_parse", "_onPayload", "_onWrite", "_onHeader"];

/** ssh2 is pinned exactly; undefined if it lacks what is needed here. */
interface Insides {
  set(name: Method | "_cipher" | "_decipher", value: unknown): void;
  /** Calls the method that is set at that time. */
  call(name: Method, value: unknown): unknown;
}

function insidesOf(client: Client): Insides | undefined {
  const protocol: unknown = Reflect.get(client, "_protocol");
  if (typeof protocol !== "object" || protocol === null) return undefined;
  const isThere = methods.every((name) => typeof Reflect.get(protocol, name) === "function");
  if (!isThere || Reflect.get(protocol, "_cipher") === undefined || !("_decipher" in protocol))
    return undefined;
  return {
    set: (name, value) => {
      Reflect.set(protocol, name, value);
    },
    call: (name, value) => {
      const method: unknown = Reflect.get(protocol, name);
      const result: unknown =
        typeof method === "function" ? Reflect.apply(method, protocol, [value]) : undefined;
      return result;
    },
  };
}
