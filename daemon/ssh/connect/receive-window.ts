import type { Readable } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { watchWindow, widenWindow } from "../ssh2-internals.ts";

const mebibyte = 1024 * 1024;
/** ssh2's own window, which it tops up at half. */
const baseBytes = 2 * mebibyte;
const maxBytes = 32 * mebibyte;
const maxGrowth = 4;
/** A server that goes on sooner was not waiting for what is far away. */
const minPauseMs = 2;

/** Output of which so much came, and that was not held meanwhile, is long and read as it comes: whoever is behind holds it at less. */
const longBytes = 1.5 * mebibyte;

const notTopped = { added: Number.NaN, before: 0, at: 0 };
const notExhausted = { at: Infinity, bytesPerMs: 0 };

/** What is known of a connection. */
interface Reach {
  /** How far its windows have grown: what its server needs to send at full speed, at least. */
  extraBytes: number;
  /** The quickest answer that came over it. */
  roundTripMs: number;
}

const reaches = new WeakMap<Client, Reach>();

function reachOf(client: Client): Reach {
  const reach = reaches.get(client) ?? { extraBytes: 0, roundTripMs: Infinity };
  reaches.set(client, reach);
  return reach;
}

/** Tells that the server of a connection took so long to answer. */
export function answeredAfter(client: Client, ms: number): void {
  const reach = reachOf(client);
  reach.roundTripMs = Math.min(reach.roundTripMs, ms);
}

/** How much all servers together may send ahead, beyond the 2 MiB that each session may anyway. */
export class WindowBudget {
  #left = 64 * mebibyte;

  /** At most half of what is left, so that there is some for the next one. */
  take(bytes: number): number {
    const taken = Math.min(bytes, Math.floor(this.#left / 2));
    this.#left -= taken;
    return taken;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

/** What a window needs of its channel. */
export interface WindowedChannel {
  /** Standard output and standard error, which share the window. */
  readonly streams: readonly [Readable, Readable];
  /** How many bytes the server may still send. */
  readonly left: () => number;
  /** Lets it send so many more; false: that is not possible. */
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
 * How much the server may send on a channel before it hears of us again (RFC 4254, section 5.2). ssh2 lets it send 2 MiB,
 * which is all that a round trip can carry: where the server was seen to wait for more, it may send four times as much as is
 * read in a round trip, and on the connection's further channels as soon as there is long output.
 *
 *     sent ...... | topped up: it may send on to | and it stopped just there, and went on a while later:
 *                 | here ----------------------->| it had to wait until it knew
 *
 * What is more than that is for its host to bear: OpenSSH reads ahead what it may send, and goes on to copy all of it, so that a
 * window of 32 MiB costs three to five times the processor that 2 MiB do. It often stops also since it has to share that with us.
 */
export class ReceiveWindow {
  readonly #channel: WindowedChannel;
  readonly #budget: WindowBudget;
  readonly #reach: Reach;
  readonly #refills: (() => void)[];
  #held = false;
  #extra = 0;
  #received = 0;
  /** What was added last: so much is left when all that could be sent before has come, which was `before`. */
  #topped = notTopped;
  /** When that came, and how fast it was read. */
  #exhausted = notExhausted;

  /** `reach` is of all channels of the connection. */
  constructor(channel: WindowedChannel, budget: WindowBudget, reach: Reach) {
    this.#channel = channel;
    this.#budget = budget;
    this.#reach = reach;
    this.#refills = channel.streams.map((stream) => this.#watch(stream));
    channel.streams[0].on("close", () => budget.giveBack(this.#extra));
  }

  /** How much may come beyond 2 MiB after it is held. */
  get extraBytes(): number {
    return this.#extra;
  }

  /**
   * With `true` the server is given no further window, so that it stops once it has sent what it may, at most 2 MiB and
   * `extraBytes`; everything that comes is still handed over.
   */
  hold(held: boolean): void {
    this.#held = held;
    this.#forget();
    if (held) return;
    for (const refill of this.#refills) refill();
    if (this.#extra > 0) this.#topUp();
  }

  /** ssh2 refills the window when `push` or `_read` say that a stream takes more, so they say that it does not. */
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

  /** Before ssh2 does, which knows of 2 MiB only. */
  #topUp(): void {
    const size = baseBytes + this.#extra;
    const before = this.#channel.left();
    if (before > size / 2) return;
    const added = size - before;
    if (this.#channel.widen(added)) this.#topped = { added, before, at: performance.now() };
  }

  /** A server that stops now does so for our sake. */
  #forget(): void {
    this.#topped = notTopped;
    this.#exhausted = notExhausted;
  }
}
