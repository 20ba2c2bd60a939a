import type { ServerResponse } from "node:http";
import type { Feed } from "../core/feed.ts";
import type { EventStreams } from "./event-streams.ts";

/** How a stream of messages is encoded in HTTP. */
export interface Wire {
  readonly contentType: string;
  /** Sent to show that the stream is alive. */
  readonly heartbeat: Buffer;
}

/** What one reader of an event stream is sent, by default as Server-Sent Events. */
export interface MessageFeed extends Feed<EventMessage> {
  readonly wire?: Wire;
  /** How many milliseconds the first messages may be held back, to be sent with the next ones. */
  readonly holdMs?: number;
}

export interface EventMessage {
  readonly seq: number;
  /** Its bytes, in consecutive parts, encoded when accessed. */
  readonly parts: readonly Buffer[];
}

const pageBytes = 256 * 1024;
const batchBytes = 64 * 1024;
/**
 * With more than this unsent, no more is sent until the reader has taken it: with one more batch it stays below 1 MB.
 */
const highWaterBytes = 512 * 1024;
const heartbeatMs = 15_000;
/** Used when the host waits for the reader, to know more exactly what the reader has taken. */
const smallHighWaterBytes = 256 * 1024;
const sse: Wire = {
  contentType: "text/event-stream; charset=utf-8",
  heartbeat: Buffer.from(": still here\n\n"),
};

/**
 * Sends a feed until it is over or the reader disconnects. The reader sets the pace: while it does not read, nothing is
 * read for it.
 */
export function sendEvents(
  response: ServerResponse,
  status: number,
  feed: MessageFeed,
  streams: EventStreams,
): void {
  new Sender(response, feed, streams).begin(status);
}

class Sender {
  readonly #response: ServerResponse;
  readonly #feed: MessageFeed;
  readonly #streams: EventStreams;
  readonly #heartbeat: Buffer;
  /** The number of the last message sent. */
  #at: number;
  #begun = false;
  #draining = false;
  /** Number of writes not yet passed to the system. */
  #unsent = 0;
  #unfollow: (() => void) | undefined;
  #beats: NodeJS.Timeout | undefined;
  #stall: NodeJS.Timeout | undefined;
  #stalled = false;

  constructor(response: ServerResponse, feed: MessageFeed, streams: EventStreams) {
    this.#response = response;
    this.#feed = feed;
    this.#streams = streams;
    this.#at = feed.from;
    this.#heartbeat = (feed.wire ?? sse).heartbeat;
  }

  begin(status: number): void {
    const { opening, holdMs, wire = sse } = this.#feed;
    if (this.#isPastEnd()) {
      this.#feed.place?.leave(this.#at);
      this.#response.writeHead(204).end();
      return;
    }
    if (this.#response.closed) {
      this.#feed.place?.leave(this.#at);
      return;
    }
    this.#streams.opened(this, this.#at > 0 && opening === undefined);
    this.#unfollow = this.#feed.follow(() => this.#pump());
    this.#beats = setInterval(beat, heartbeatMs, this);
    // Sends the head in one write with the first events.
    if (holdMs === undefined) setImmediate(start, this);
    else setTimeout(start, holdMs, this);
    this.#response.on("close", () => this.#leave());
    this.#response.writeHead(status, { "Content-Type": wire.contentType, "X-Accel-Buffering": "no" });
    if (this.#response.req.method === "HEAD") this.#response.end();
    else if (opening !== undefined) this.#send(opening.parts);
  }

  start(): void {
    if (this.#isOver()) return;
    this.#pump();
    if (this.#streams.isStopping) this.stop();
    else if (!this.#begun) this.#response.flushHeaders();
  }

  /** First sends what is recorded by now, as far as the reader takes it. */
  stop(): void {
    this.#pump();
    if (!this.#isOver()) this.#response.end();
  }

  beat(): void {
    if (!this.#draining && !this.#isOver()) this.#send([this.#heartbeat]);
  }

  #leave(): void {
    this.#streams.closed(this);
    this.#unfollow?.();
    clearInterval(this.#beats);
    clearTimeout(this.#stall);
    this.#feed.place?.leave(this.#stalled ? undefined : this.#at);
  }

  /**
   * Whether the reader has received everything already. An EventSource reconnects when a stream ends, and stops at 204; any
   * other reader would take a stream without a last event for one that was cut.
   */
  #isPastEnd(): boolean {
    const { from, opening } = this.#feed;
    if (opening !== undefined || from === 0) return false;
    return this.#feed.over(from) && this.#feed.after(from, 1).length === 0;
  }

  /** A damaged record must not throw into the run or socket that woke this reader. */
  #pump(): void {
    // Corked into one system call: Node's response would make five of each message, and each wakes the reader.
    const { socket } = this.#response;
    socket?.cork();
    try {
      while (!this.#draining && !this.#isOver() && this.#sendPage());
    } catch (failure) {
      this.#streams.log.error("The record could not be read for a reader, who was disconnected", { failure });
      this.#response.destroy();
    } finally {
      socket?.uncork();
    }
  }

  #isOver(): boolean {
    return this.#response.writableEnded || this.#response.destroyed;
  }

  /** Returns false when nothing more is available now. */
  #sendPage(): boolean {
    const messages = this.#feed.after(this.#at, pageBytes);
    const highWater = this.#feed.place === undefined ? highWaterBytes : smallHighWaterBytes;
    for (const { seq, parts } of batches(messages)) {
      this.#at = seq;
      this.#send(parts);
      this.#draining = this.#response.writableLength > highWater;
      if (!this.#draining) continue;
      this.#limitStall();
      return true;
    }
    if (messages.length === 0 && this.#feed.over(this.#at)) {
      this.#response.end();
      this.#limitStall();
    }
    return messages.length > 0;
  }

  #limitStall(): void {
    const { maxStallMs } = this.#streams;
    this.#stall = setTimeout(() => this.#cutOff(), this.#feed.place?.timeoutMs ?? maxStallMs).unref();
  }

  #cutOff(): void {
    this.#stalled = true;
    this.#response.destroy();
  }

  /** Sends the parts in one system call; `#sent` is called once all of it has been passed to the system. */
  #send(parts: readonly Buffer[]): void {
    const seq = this.#at;
    this.#begun = true;
    this.#streams.metrics.bytesSent += sizeOf(parts);
    this.#unsent += 1;
    this.#response.cork();
    for (const part of parts.slice(0, -1)) this.#response.write(part);
    this.#response.write(parts.at(-1) ?? nothing, (failure) => {
      this.#unsent -= 1;
      if (failure === undefined || failure === null) this.#sent(seq);
    });
    this.#response.uncork();
  }

  /** The reader has taken something. */
  #sent(seq: number): void {
    this.#feed.place?.taken(seq);
    this.#stall?.refresh();
    if (!this.#draining || this.#unsent > 0) return;
    this.#draining = false;
    clearTimeout(this.#stall);
    this.#pump();
  }
}

/** One function for all readers, not a closure for each. */
const beat = (sender: Sender): void => sender.beat();
const start = (sender: Sender): void => sender.start();

/** The messages in order, small ones joined; each is encoded only on demand. */
function* batches(messages: readonly EventMessage[]): Generator<EventMessage> {
  let waiting: Buffer[] = [];
  let size = 0;
  for (const [index, { seq, parts }] of messages.entries()) {
    waiting.push(...parts);
    size += sizeOf(parts);
    if (size < batchBytes && index < messages.length - 1) continue;
    yield { seq, parts: joined(waiting) };
    waiting = [];
    size = 0;
  }
}

/** Below this size, a copy costs less than a separate part. */
const minPartBytes = 4096;

/** The same bytes in fewer parts: small ones are joined, long ones are not copied. */
function joined(parts: readonly Buffer[]): readonly Buffer[] {
  const result: Buffer[] = [];
  let small: Buffer[] = [];
  for (const part of parts) {
    if (part.length < minPartBytes) {
      small.push(part);
      continue;
    }
    if (small.length > 0) result.push(Buffer.concat(small));
    result.push(part);
    small = [];
  }
  if (small.length > 0) result.push(Buffer.concat(small));
  return result;
}

const nothing = Buffer.alloc(0);

function sizeOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
