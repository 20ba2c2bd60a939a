import { createSecretKey } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { bindingAvailable } from "ssh2/lib/protocol/crypto.js";
import type { TerminalSize } from "../../protocol/run.ts";

/**
 * Everything that Hostrun does with ssh2's internals, which its types do not declare. ssh2 is pinned exactly; every use
 * first checks that the internals are there, and otherwise the caller takes the slower, public way.
 */
const windowBytes = 2 * 1024 * 1024;
const packetBytes = 32 * 1024;

/** The terminal of a run with `pty`, also for ssh2's own `exec`. Its size is in characters; the pixel size is 0. */
export const terminal = { term: "xterm-256color", height: 0, width: 0 };

/** Whether a session channel can be opened ahead of its command. */
export function canOpenAhead(client: Client): boolean {
  return insidesOf(client, ["session", "exec", "pty", "env"]) !== undefined;
}

/**
 * Opens a session channel without a command; check `canOpenAhead` first. A refusal by the server carries a numeric
 * `reason` (RFC 4254, section 5.1).
 */
export function openSessionChannel(client: Client): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    const insides = insidesOf(client, ["session", "exec"]);
    if (insides === undefined) throw new TypeError("ssh2 has changed: no channel can be opened ahead");
    const opened: OpenCallback = (failure, channel) => {
      if (failure === undefined || failure === null) resolve(channel);
      else reject(failure instanceof Error ? failure : new Error("no channel", { cause: failure }));
    };
    opened.type = "session";
    insides.protocol.session(insides.channels.add(opened), windowBytes, packetBytes);
  });
}

/** A request on a session channel (RFC 4254, section 6): a terminal and variables precede the command. */
export type ChannelRequest =
  | { readonly pty: TerminalSize }
  | { readonly env: readonly [string, string] }
  | { readonly exec: string };

/** Sends a request on a channel that was opened ahead; `reply` is called with whether the server accepted it. */
export function requestOnChannel(
  client: Client,
  channel: ClientChannel,
  request: ChannelRequest,
  reply: (accepted: boolean) => void,
): void {
  const insides = insidesOf(client, ["exec", "pty", "env"]);
  const inner = channelInsidesOf(channel);
  if (insides === undefined || inner === undefined)
    throw new TypeError("ssh2 has changed: no request on a channel");
  inner.callbacks.push((failed) => reply(failed === false));
  const { id } = inner.outgoing;
  if ("exec" in request) insides.protocol.exec(id, request.exec, true);
  else if ("pty" in request) {
    const { rows, cols } = request.pty;
    insides.protocol.pty(id, rows, cols, terminal.height, terminal.width, terminal.term, {}, true);
  } else insides.protocol.env(id, ...request.env, true);
}

/**
 * Calls `refused` at every USERAUTH_FAILURE, with the methods that can continue and whether this was a partial success,
 * which ssh2 does not report for an agent's key.
 */
export function watchAuthentication(
  client: Client,
  refused: (methods: readonly string[], partial: boolean) => void,
): void {
  replaceHandler(client, "USERAUTH_FAILURE", (inner) => (protocol, methods, partial) => {
    if (Array.isArray(methods)) refused(methods, partial === true);
    inner(protocol, methods, partial);
  });
}

/** Sends a new password in place of an expired one (RFC 4252, section 8). False: ssh2 has changed. */
export function changePassword(client: Client, user: string, old: string, changed: string): boolean {
  const protocol = member(client, "_protocol");
  const send = member(protocol, "authPassword");
  if (typeof send !== "function") return false;
  Reflect.apply(send, protocol, [user, old, changed]);
  return true;
}

/** No message that Hostrun looks for is longer; matching a pattern against a whole packet would take seconds. */
const maxDebugLength = 4096;

/** Calls `onMessage` with the beginning of each SSH_MSG_DEBUG (RFC 4253, section 11.3), which ssh2 discards. */
export function watchDebugMessages(client: Client, onMessage: (message: string) => void): void {
  replaceHandler(client, "DEBUG", () => (_protocol, _display, message) => {
    if (typeof message === "string") onMessage(message.slice(0, maxDebugLength));
  });
}

/** What to do with a message: let ssh2 read it, skip it, or read nothing more at all. */
export type Reading = "read" | "skip" | "stop";

/**
 * Passes every message that arrives outside of a key exchange to `judge` before ssh2 reads it; its first byte is its
 * number. Call this before the first key exchange.
 */
export function watchMessages(client: Client, judge: (message: Buffer) => Reading): void {
  const protocol = member(client, "_protocol");
  const inner = member(protocol, "_onPayload");
  if (typeof protocol !== "object" || protocol === null || typeof inner !== "function") return;
  Reflect.set(protocol, "_onPayload", (message: Buffer): unknown => {
    const reading = judge(message);
    if (reading !== "read") return reading === "stop" ? Infinity : undefined;
    const end: unknown = Reflect.apply(inner, protocol, [message]);
    return end;
  });
}

/** Answers a global request with REQUEST_FAILURE. */
export function refuseGlobalRequest(client: Client): void {
  insidesOf(client, ["requestFailure"])?.protocol.requestFailure();
}

/** Whether a key exchange is in progress; outgoing data is queued until it is over. */
export function isExchangingKeys(client: Client): boolean {
  return member(member(client, "_protocol"), "_kexinit") !== undefined;
}

/** Wraps the function that sends a channel's data: newly written data, and data that waited for the server's window. */
export function replaceWriting(channel: Duplex, replace: (inner: Write) => Write): void {
  const inner = member(channel, "_write");
  if (typeof inner !== "function") return;
  const call: Write = (...values) => {
    Reflect.apply(inner, channel, values);
  };
  Reflect.set(channel, "_write", replace(call));
}

/**
 * Returns the number of bytes that the server may still send (RFC 4254, section 5.2). Below 0, it has sent more than it
 * may; at 0, ssh2 silently drops incoming data.
 */
export function watchWindow(channel: ClientChannel): () => number {
  const incoming = channelInsidesOf(channel)?.incoming;
  return () => (typeof incoming?.window === "number" ? incoming.window : Infinity);
}

/** Extends a channel's window by `bytes`. False: ssh2 has changed, and only extends it by itself. */
export function widenWindow(client: Client, channel: ClientChannel, bytes: number): boolean {
  const insides = insidesOf(client, ["channelWindowAdjust"]);
  const inner = channelInsidesOf(channel);
  if (typeof inner?.incoming.window !== "number" || insides === undefined) return false;
  if (inner.outgoing.state === "closed") return false;
  inner.incoming.window += bytes;
  insides.protocol.channelWindowAdjust(inner.outgoing.id, bytes);
  return true;
}

/**
 * Sends a signal even after standard input has ended, when ssh2's own method silently does nothing (RFC 4254, section 6.9
 * does not forbid it). False: use that method instead.
 */
export function signalChannel(client: Client, channel: ClientChannel, name: string): boolean {
  const insides = insidesOf(client, ["signal"]);
  const inner = channelInsidesOf(channel);
  if (insides === undefined || inner === undefined) return false;
  if (inner.outgoing.state === "open" || inner.outgoing.state === "eof") {
    insides.protocol.signal(inner.outgoing.id, name);
  }
  return true;
}

/** Likewise sends a terminal's new size, also on a channel opened ahead, on which ssh2 knows of no command. */
export function resizeChannel(client: Client, channel: ClientChannel, { cols, rows }: TerminalSize): void {
  const insides = insidesOf(client, ["windowChange"]);
  const inner = channelInsidesOf(channel);
  if (insides === undefined || inner === undefined) {
    channel.setWindow(rows, cols, terminal.height, terminal.width);
  } else if (inner.outgoing.state === "open" || inner.outgoing.state === "eof") {
    insides.protocol.windowChange(inner.outgoing.id, rows, cols, terminal.height, terminal.width);
  }
}

/** Whether the server has closed the channel; undefined if unknown. */
export function isClosedByServer(channel: ClientChannel): boolean | undefined {
  const state = channelInsidesOf(channel)?.incoming.state;
  return state === undefined ? undefined : state === "closed";
}

/** Whether strict key exchange (CVE-2023-48795) is in effect; false if that is not known. */
export function isStrictKeyExchange(client: Client): boolean {
  return member(member(client, "_protocol"), "_strictMode") === true;
}

/**
 * Makes RSA keys sign with SHA-512 if the server supports it, as OpenSSH does: ssh2 picks SHA-256, which a server may
 * refuse although it lists it (PubkeyAcceptedAlgorithms; before OpenSSH 9.6 server-sig-algs is a fixed list).
 */
export function preferSha512(client: Client): void {
  replaceHandler(client, "EXT_INFO", (inner) => (protocol, extensions) => {
    const list: readonly unknown[] = Array.isArray(extensions) ? extensions : [];
    inner(protocol, list.map(withoutSha256));
  });
}

function withoutSha256(extension: unknown): unknown {
  const algorithms = member(extension, "algs");
  if (!Array.isArray(algorithms) || !algorithms.includes("rsa-sha2-512")) return extension;
  const algs = algorithms.filter((name) => name !== "rsa-sha2-256");
  return { name: member(extension, "name"), algs };
}

/**
 * Replaces the keys of AES-GCM ciphers by key objects; call this after every key exchange. ssh2 creates a cipher for each
 * packet, and with a raw key this takes Node twice as long as the rest of a 32 KiB packet.
 */
export function useKeyObjects(client: Client): void {
  const protocol = member(client, "_protocol");
  for (const [side, name] of [
    ["_cipher", "_encKey"],
    ["_decipher", "_decipherKey"],
  ] as const) {
    const cipher = member(protocol, side);
    const key = member(cipher, name);
    if (typeof cipher === "object" && cipher !== null && key instanceof Uint8Array)
      Reflect.set(cipher, name, createSecretKey(key));
  }
}

/**
 * Sends a global request that only wants a reply (keepalive@openssh.com). The packet acknowledges received data: sshd
 * does not turn Nagle's algorithm off before the first exec, and until then its small packets wait for our delayed
 * acknowledgement.
 */
export function ping(client: Client): void {
  const insides = insidesOf(client, ["ping"]);
  if (insides === undefined) return;
  // Replies arrive in the order of the requests, so each request needs its place in the queue.
  insides.callbacks.push(() => undefined);
  insides.protocol.ping();
}

/** Wraps the function that decrypts incoming data, until the next key exchange; call this after each. */
export function replaceDecrypting(client: Client, replace: (inner: Decrypt) => Decrypt): void {
  const decipher = member(member(client, "_protocol"), "_decipher");
  const inner = member(decipher, "decrypt");
  if (typeof decipher !== "object" || decipher === null || typeof inner !== "function") return;
  const call: Decrypt = (...values) => {
    const end: unknown = Reflect.apply(inner, decipher, values);
    return typeof end === "number" ? end : undefined;
  };
  Reflect.set(decipher, "decrypt", replace(call));
}

/** Whether ssh2 decodes in its native binding; otherwise it silently falls back to JavaScript. */
export function hasNativeCrypto(): boolean {
  return bindingAvailable === true;
}

/** Decrypts `data` between two indices. Returns where another decipher continues; undefined: everything was read. */
export type Decrypt = (data: Buffer, from: number, to: number) => number | undefined;
type Callback = (failed: unknown) => void;
type OpenCallback = ((failure: unknown, channel: ClientChannel) => void) & { type?: string };
type Write = (chunk: Buffer, encoding: unknown, done: (failure?: Error | null) => void) => void;
type Handler = (...values: readonly unknown[]) => void;
/** Channel id, rows, columns, height, width. */
type Sizes = [number, number, number, number, number];

interface Channels {
  add(callback: OpenCallback): number;
}

interface Protocol {
  session(id: number, window: number, packet: number): void;
  exec(id: number, command: string, wantReply: boolean): void;
  pty(...request: [...sizes: Sizes, term: string, modes: object, wantReply: boolean]): void;
  env(id: number, name: string, value: string, wantReply: boolean): void;
  signal(id: number, name: string): void;
  windowChange(...request: Sizes): void;
  ping(): void;
  requestFailure(): void;
  channelWindowAdjust(id: number, bytes: number): void;
}

interface Insides {
  readonly protocol: Protocol;
  readonly channels: Channels;
  /** Callbacks for the replies to global requests, which arrive in order. */
  readonly callbacks: Callback[];
}

interface ChannelInsides {
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly incoming: { readonly state: string; window?: number };
  /** Callbacks for the replies to the channel's requests, which arrive in order. */
  readonly callbacks: Callback[];
}

/** undefined: this ssh2 lacks what is needed. */
function insidesOf(client: Client, methods: readonly (keyof Protocol)[]): Insides | undefined {
  const protocol = member(client, "_protocol");
  const channels = member(client, "_chanMgr");
  const callbacks = member(client, "_callbacks");
  if (!isProtocol(protocol, methods) || !isChannels(channels) || !isCallbacks(callbacks)) return undefined;
  return { protocol, channels, callbacks };
}

/** Replaces the handler of a message; `inner` does nothing if ssh2 has none. */
function replaceHandler(client: Client, name: string, replace: (inner: Handler) => Handler): void {
  const handlers = member(member(client, "_protocol"), "_handlers");
  if (typeof handlers !== "object" || handlers === null) return;
  const inner = member(handlers, name);
  const call: Handler = (...values) => {
    if (typeof inner === "function") Reflect.apply(inner, undefined, values);
  };
  Reflect.set(handlers, name, replace(call));
}

function channelInsidesOf(channel: ClientChannel): ChannelInsides | undefined {
  const outgoing = member(channel, "outgoing");
  const incoming = member(channel, "incoming");
  const callbacks = member(channel, "_callbacks");
  return isOutgoing(outgoing) && isIncoming(incoming) && isCallbacks(callbacks)
    ? { outgoing, incoming, callbacks }
    : undefined;
}

function member(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}

function isProtocol(value: unknown, methods: readonly (keyof Protocol)[]): value is Protocol {
  return typeof value === "object" && methods.every((name) => typeof member(value, name) === "function");
}

function isChannels(value: unknown): value is Channels {
  return typeof member(value, "add") === "function";
}

function isCallbacks(value: unknown): value is Callback[] {
  return Array.isArray(value);
}

function isOutgoing(value: unknown): value is ChannelInsides["outgoing"] {
  return typeof member(value, "id") === "number" && typeof member(value, "state") === "string";
}

function isIncoming(value: unknown): value is ChannelInsides["incoming"] {
  return typeof member(value, "state") === "string";
}
