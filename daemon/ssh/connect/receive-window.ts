import type { Readable } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { watchWindow, widenWindow } from "../ssh2-internals.ts";

const mebibyte = 1024 * 1024;
/** ssh2's own window, which it refills at half. */
const baseBytes = 2 * mebibyte;
const maxBytes = 32 * mebibyte;
const maxGrowth = 4;
/** A server that resumes sooner was not waiting for a distant peer. */
const minPauseMs = 2;

/** Output is long once this much has arrived without being held: a reader that falls behind holds it earlier. */
const longBytes = 1.5 * mebibyte;

const notTopped = { added: Number.NaN, before: 0, at: 0 };
const notExhausted = { at: Infinity, bytesPerMs: 0 };

/** What was learned about a connection. */
interface Reach {
  /** How far its windows have grown: at least what its server needs to send at full speed. */
  extraBytes: number;
  /** The fastest response so far. */
  roundTripMs: number;
}

const reaches = new WeakMap<Client, Reach>();

function reachOf(client: Client): Reach {
  const reach = reaches.get(client) ?? { extraBytes: 0, roundTripMs: Infinity };
  reaches.set(client, reach);
  return reach;
}

/** Records that a connection's server took this long to respond. */
export function recordRoundTrip(client: Client, ms: number): void {
  const reach = reachOf(client);
  reach.roundTripMs = Math.min(reach.roundTripMs, ms);
}

/** How much all servers together may send ahead, in addition to the 2 MiB that each session always allows. */
export class WindowBudget {
  #left = 64 * mebibyte;

  /** Returns at most half of what is left, so that some remains for the next caller. */
  take(bytes: number): number {
    const taken = Math.min(bytes, Math.floor(this.#left / 2));
    this.#left -= taken;
    return taken;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

/** What a window needs from its channel. */
export interface WindowedChannel {
  /** Standard output and standard error, which share the window. */
  readonly streams: readonly [Readable, Readable];
  /** The number of bytes that the server may still send. */
  readonly left: () => number;
  /** Extends the window by `bytes`; false if that is not possible. */
  readonly widen: (bytes: number) => boolean;
}

export function openReceiveWindow(
  client: Client,
  channel: ClientChannel,
  budget: WindowBudget,
): ReceiveWindow {
  const streams = [channel, channel.stderr] as const;
  const widen = (bytes: number): boolean => widenWindow(client, channel, bytes);
  return new ReceiveWindow({ streams, left: watchWindow(channel), widen }, budget, reachOf(client));
}

/**
 * The receive window of a channel (RFC 4254, section 5.2). ssh2's is 2 MiB, which limits what arrives per round trip.
 * Where the server was seen to wait for more, the window grows to four times what is read in a round trip; the
 * connection's further channels start with that once they have long output.
 *
 *     sent ...... | topped up: it may send   | it stopped exactly here and resumed later:
 *                 | up to here ------------->| it had to wait until it learned of that
 *
 * A larger window is a burden on the remote host: OpenSSH reads ahead as much as it may send and keeps copying all of it,
 * so that a window of 32 MiB takes three to five times the CPU time of 2 MiB. It also often stops only because it shares
 * the CPU with us.
 */
export class ReceiveWindow {
  readonly #channel: WindowedChannel;
  readonly #budget: WindowBudget;
  readonly #reach: Reach;
  readonly #refills: (() => void)[];
  #held = false;
  #extra = 0;
  #received = 0;
  /**
   * The last top-up: `added` bytes of the window are left once the `before` bytes that could already be sent have
   * arrived.
   */
  #topped = notTopped;
  /** When that was the case, and how fast data was read until then. */
  #exhausted = notExhausted;

  /** `reach` is shared by all channels of the connection. */
  constructor(channel: WindowedChannel, budget: WindowBudget, reach: Reach) {
    this.#channel = channel;
    this.#budget = budget;
    this.#reach = reach;
    this.#refills = channel.streams.map((stream) => this.#watch(stream));
    channel.streams[0].on("close", () => budget.giveBack(this.#extra));
  }

  /** How much more than 2 MiB may arrive after `hold(true)`. */
  get extraBytes(): number {
    return this.#extra;
  }

  /**
   * With `true`, the window is not refilled, so that the server stops once it has sent what it may: at most 2 MiB plus
   * `extraBytes`. Everything that arrives is still delivered.
   */
  hold(held: boolean): void {
    this.#held = held;
    this.#forget();
    if (held) return;
    for (const refill of this.#refills) refill();
    if (this.#extra > 0) this.#topUp();
  }

  /**
   * ssh2 refills the window when `push` or `_read` report that a stream takes more, so while held they report that it
   * does not.
   */
  #watch(stream: Readable): () => void {
    const push = stream.push.bind(stream);
    stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
      const takesMore = push(chunk, encoding) && !this.#held;
      if (takesMore && chunk instanceof Uint8Array) this.#arrived(chunk.length);
      return takesMore;
    };
    const inherited: unknown = Reflect.get(stream, "_read");
    let asked = false;
    const read = (size: number): void => {
      asked = this.#held;
      if (!this.#held && typeof inherited === "function") Reflect.apply(inherited, stream, [size]);
    };
    Reflect.set(stream, "_read", read);
    return () => asked && read(0);
  }

  #arrived(bytes: number): void {
    this.#received += bytes;
    const now = performance.now();
    const { at, bytesPerMs } = this.#exhausted;
    if (now - at >= minPauseMs) this.#grow(4 * bytesPerMs * this.#reach.roundTripMs);
    else if (this.#extra === 0 && this.#received >= longBytes)
      this.#extra = this.#budget.take(this.#reach.extraBytes);
    const { added, before, at: since } = this.#topped;
    const isExhausted = this.#channel.left() === added;
    this.#exhausted = isExhausted ? { at: now, bytesPerMs: before / (now - since) } : notExhausted;
    this.#topUp();
  }

  #grow(wantedBytes: number): void {
    const size = baseBytes + this.#extra;
    const wanted = Math.min(Math.ceil(wantedBytes), size * maxGrowth, maxBytes);
    if (!(wanted > size)) return;
    this.#extra += this.#budget.take(wanted - size);
    this.#reach.extraBytes = Math.max(this.#reach.extraBytes, this.#extra);
  }

  /** Refills before ssh2 does, which only knows of 2 MiB. */
  #topUp(): void {
    const size = baseBytes + this.#extra;
    const before = this.#channel.left();
    if (before > size / 2) return;
    const added = size - before;
    if (this.#channel.widen(added)) this.#topped = { added, before, at: performance.now() };
  }

  /** A server that stops now does so because of us. */
  #forget(): void {
    this.#topped = notTopped;
    this.#exhausted = notExhausted;
  }
}
