import type { Readable } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { watchWindow, widenWindow } from "../ssh2-internals.ts";

const mebibyte = 1024 * 1024;
/** ssh2's own window, which it tops up at half. */
const baseBytes = 2 * mebibyte;
const maxBytes = 32 * mebibyte;
const growth = 4;
/** A server that goes on sooner was not waiting for what is far away. */
const minPauseMs = 2;

/** Output of which so much came, and that was not held meanwhile, is long and read as it comes: whoever is behind holds it at less. */
const longBytes = 1.5 * mebibyte;

/** How far the windows of a connection have grown: what its server needs to send at full speed, at least. */
interface Reach {
  extraBytes: number;
}

const reaches = new WeakMap<Client, Reach>();

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
  const reach = reaches.get(client) ?? { extraBytes: 0 };
  reaches.set(client, reach);
  return new ReceiveWindow({ streams, left: watchWindow(channel), widen }, budget, reach);
}

/**
 * How much the server may send on a channel before it hears of us again (RFC 4254, section 5.2). ssh2 lets it send 2 MiB,
 * which is all that a round trip can carry: where the server was seen to wait for more, it may send four times as much,
 * and on the connection's further channels as soon as there is long output.
 *
 *     sent ...... | topped up: it may send on to | and it stopped just there, and went on a while later:
 *                 | here ----------------------->| it had to wait until it knew
 */
export class ReceiveWindow {
  readonly #channel: WindowedChannel;
  readonly #budget: WindowBudget;
  readonly #reach: Reach;
  readonly #refills: (() => void)[];
  #held = false;
  #extra = 0;
  #received = 0;
  /** What was added last: so much is left when all that could be sent before has come. */
  #added = Number.NaN;
  #exhaustedAt: number | undefined;

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
    const paused = this.#exhaustedAt !== undefined && performance.now() - this.#exhaustedAt >= minPauseMs;
    if (paused) this.#grow();
    else if (this.#extra === 0 && this.#received >= longBytes)
      this.#extra = this.#budget.take(this.#reach.extraBytes);
    this.#exhaustedAt = this.#channel.left() === this.#added ? performance.now() : undefined;
    this.#topUp();
  }

  #grow(): void {
    const size = baseBytes + this.#extra;
    this.#extra += this.#budget.take(Math.min(size * growth, maxBytes) - size);
    this.#reach.extraBytes = Math.max(this.#reach.extraBytes, this.#extra);
  }

  /** Before ssh2 does, which knows of 2 MiB only. */
  #topUp(): void {
    const size = baseBytes + this.#extra;
    const left = this.#channel.left();
    if (left > size / 2) return;
    if (this.#channel.widen(size - left)) this.#added = size - left;
  }

  /** A server that stops now does so for our sake. */
  #forget(): void {
    this.#added = Number.NaN;
    this.#exhaustedAt = undefined;
  }
}
