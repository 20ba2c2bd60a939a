import type { Client, ClientChannel } from "ssh2";
import { bindingAvailable } from "ssh2/lib/protocol/crypto.js";

/**
 * Everything that Hostrun does with ssh2's insides, which its types do not show. ssh2 is pinned exactly, every
 * use looks first whether the thing is there, and where it is not the caller takes the public, slower way.
 */
const windowBytes = 2 * 1024 * 1024;
const packetBytes = 32 * 1024;

/** The terminal of a run with `pty`, also for ssh2's own `exec`. */
export const terminal = { term: "xterm-256color", rows: 24, cols: 80, height: 0, width: 0 };

interface ChannelInsides {
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly incoming: { readonly state: string; readonly window?: number };
  readonly _callbacks: ((failed: unknown) => void)[];
}

type OpenCallback = ((failure: unknown, channel: ClientChannel) => void) & { type?: string };

/** Channel id, rows, columns, height, width. */
type Sizes = [number, number, number, number, number];

interface ClientInsides {
  readonly _callbacks: ((failed: unknown) => void)[];
  readonly _chanMgr: { add(callback: OpenCallback): number };
  readonly _protocol: {
    readonly _strictMode?: boolean;
    session(id: number, window: number, packet: number): void;
    exec(id: number, command: string, wantReply: boolean): void;
    pty(...request: [...sizes: Sizes, term: string, modes: object, wantReply: boolean]): void;
    signal(id: number, name: string): void;
    ping(): void;
    readonly _handlers: { USERAUTH_FAILURE?: AuthenticationFailure };
  };
}

type AuthenticationFailure = (protocol: unknown, methods: string[], partial: boolean) => void;

function has(value: unknown, name: string, type: "function" | "object"): boolean {
  if (typeof value !== "object" || value === null) return false;
  const member: unknown = Reflect.get(value, name);
  return typeof member === type && member !== null;
}

function insidesOf(client: Client, methods: readonly string[]): ClientInsides | undefined {
  const protocol: unknown = Reflect.get(client, "_protocol");
  const isThere = (value: unknown): value is ClientInsides =>
    Array.isArray(Reflect.get(client, "_callbacks")) &&
    has(Reflect.get(client, "_chanMgr"), "add", "function") &&
    value === client &&
    methods.every((name) => has(protocol, name, "function"));
  const candidate: unknown = client;
  return isThere(candidate) ? candidate : undefined;
}

function channelInsidesOf(channel: ClientChannel): ChannelInsides | undefined {
  const isThere = (value: unknown): value is ChannelInsides =>
    has(value, "outgoing", "object") &&
    has(value, "incoming", "object") &&
    Array.isArray(Reflect.get(channel, "_callbacks"));
  const candidate: unknown = channel;
  return isThere(candidate) ? candidate : undefined;
}

/** Whether a session channel can be opened ahead of its command. */
export function canOpenAhead(client: Client): boolean {
  return insidesOf(client, ["session", "exec", "pty"]) !== undefined;
}

/**
 * Opens a session channel on which nothing runs yet; ask `canOpenAhead` first. A refusal by the server carries a
 * numeric `reason` (RFC 4254, section 5.1).
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
    insides._protocol.session(insides._chanMgr.add(opened), windowBytes, packetBytes);
  });
}

/** Sends the exec request on a channel that was opened ahead; `reply` says whether the server took it. */
export function execOnChannel(
  client: Client,
  channel: ClientChannel,
  command: string,
  reply: (accepted: boolean) => void,
): void {
  const insides = insidesOf(client, ["session", "exec"]);
  const inner = channelInsidesOf(channel);
  if (insides === undefined || inner === undefined)
    throw new TypeError("ssh2 has changed: no exec on a channel");
  inner._callbacks.push((failed) => reply(failed === false));
  insides._protocol.exec(inner.outgoing.id, command, true);
}

/** Asks for a terminal on a channel that was opened ahead, before its exec request. */
export function ptyOnChannel(
  client: Client,
  channel: ClientChannel,
  reply: (accepted: boolean) => void,
): void {
  const insides = insidesOf(client, ["pty"]);
  const inner = channelInsidesOf(channel);
  if (insides === undefined || inner === undefined)
    throw new TypeError("ssh2 has changed: no pty on a channel");
  inner._callbacks.push((failed) => reply(failed === false));
  const { rows, cols, height, width, term } = terminal;
  insides._protocol.pty(inner.outgoing.id, rows, cols, height, width, term, {}, true);
}

/** Tells of every refused attempt to log in which methods the server would still take. */
export function watchAuthentication(client: Client, refused: (methods: readonly string[]) => void): void {
  const handlers = insidesOf(client, [])?._protocol._handlers;
  const inner = handlers?.USERAUTH_FAILURE;
  if (handlers === undefined || inner === undefined) return;
  handlers.USERAUTH_FAILURE = (protocol, methods, partial) => {
    if (Array.isArray(methods)) refused(methods);
    inner(protocol, methods, partial);
  };
}

/** Whether the server has sent more than it was allowed to (RFC 4254, section 5.2); asked at each chunk. */
export function watchWindow(channel: ClientChannel): () => boolean {
  const incoming = channelInsidesOf(channel)?.incoming;
  return () => typeof incoming?.window === "number" && incoming.window < 0;
}

/**
 * Sends a signal also after standard input has ended, where ssh2's own method does nothing without a word
 * (RFC 4254, section 6.9 does not forbid it). False: fall back on that method.
 */
export function signalChannel(client: Client, channel: ClientChannel, name: string): boolean {
  const insides = insidesOf(client, ["signal"]);
  const inner = channelInsidesOf(channel);
  if (insides === undefined || inner === undefined) return false;
  if (inner.outgoing.state === "open" || inner.outgoing.state === "eof") {
    insides._protocol.signal(inner.outgoing.id, name);
  }
  return true;
}

/** Whether the server has closed the channel; undefined: unknown. */
export function isClosedByServer(channel: ClientChannel): boolean | undefined {
  const state = channelInsidesOf(channel)?.incoming.state;
  return state === undefined ? undefined : state === "closed";
}

/** Whether the strict key exchange (CVE-2023-48795) is in force; false when that cannot be told. */
export function isStrictKeyExchange(client: Client): boolean {
  return insidesOf(client, [])?._protocol._strictMode === true;
}

/**
 * Asks for a reply to nothing (keepalive@openssh.com). Its packet acknowledges what came in: sshd turns Nagle's
 * algorithm off at the first exec only, and until then its small packets wait for our delayed acknowledgement.
 */
export function ping(client: Client): void {
  const insides = insidesOf(client, ["ping"]);
  if (insides === undefined) return;
  // Replies come in the order of the requests, so each request needs its place in the queue.
  insides._callbacks.push(() => undefined);
  insides._protocol.ping();
}

/** Whether ssh2 decodes in its native binding; the binding falls back to JavaScript without a word. */
export function hasNativeCrypto(): boolean {
  return bindingAvailable === true;
}
