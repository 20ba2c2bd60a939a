import type { ServerResponse } from "node:http";
import type { Log } from "../core/log.ts";

/** What one reader of an event stream is sent. */
export interface EventFeed {
  /** The reader has everything up to this number. */
  readonly from: number;
  /** Sent before anything else. */
  readonly opening?: Buffer | undefined;
  /** Messages after `seq` that are there now, about `maxBytes` of them. */
  after(seq: number, maxBytes: number): readonly EventMessage[];
  /** Whether nothing can come after `seq`. */
  over(seq: number): boolean;
  follow(wake: () => void): () => void;
}

export interface EventMessage {
  readonly seq: number;
  /** Encoded when it is asked for. */
  readonly bytes: Buffer;
}

/** Counted over every event stream of the daemon. */
export class StreamFigures {
  open = 0;
  opened = 0;
  resumed = 0;
  bytesSent = 0;
  /** A reader that takes nothing for so long is disconnected; it can go on where it was. */
  readonly longestStallMs: number;
  readonly log: Log;

  constructor(log: Log, longestStallMs = 300_000) {
    this.log = log;
    this.longestStallMs = longestStallMs;
  }

  begin(resumed: boolean): void {
    this.open++;
    this.opened++;
    if (resumed) this.resumed++;
  }
}

const pageBytes = 256 * 1024;
const batchBytes = 64 * 1024;
/** Above this much unsent the reader is waited for: with one more batch it stays under 1 MB. */
const highWaterBytes = 512 * 1024;
const heartbeatMs = 15_000;
const headers = { "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" };
const heartbeat = Buffer.from(": still here\n\n");

/**
 * Sends a feed as Server-Sent Events until it is over or the reader leaves. The reader sets the pace: while
 * it does not read, nothing is read for it either.
 */
export function sendEvents(
  response: ServerResponse,
  status: number,
  feed: EventFeed,
  figures: StreamFigures,
): void {
  new Sender(response, feed, figures).begin(status);
}

class Sender {
  readonly #response: ServerResponse;
  readonly #feed: EventFeed;
  readonly #figures: StreamFigures;
  /** The number of the last message that was sent. */
  #at: number;
  #begun = false;
  #draining = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, feed: EventFeed, figures: StreamFigures) {
    this.#response = response;
    this.#feed = feed;
    this.#figures = figures;
    this.#at = feed.from;
  }

  begin(status: number): void {
    const { opening } = this.#feed;
    this.#figures.begin(this.#at > 0 && opening === undefined);
    this.#response.on("drain", () => {
      this.#draining = false;
      clearTimeout(this.#stall);
      this.#pump();
    });
    const unfollow = this.#feed.follow(() => this.#pump());
    const beat = setInterval(() => {
      if (!this.#draining && !this.#response.writableEnded) this.#send(heartbeat);
    }, heartbeatMs);
    // At the end of this turn: by then a run's command is on its way to the host, and the head goes out in one
    // write with the first events.
    const beginning = setImmediate(() => {
      this.#pump();
      if (!this.#begun) this.#response.flushHeaders();
    });
    this.#response.on("close", () => {
      this.#figures.open--;
      clearImmediate(beginning);
      unfollow();
      clearInterval(beat);
      clearTimeout(this.#stall);
    });
    this.#response.writeHead(status, headers);
    if (opening !== undefined) this.#send(opening);
  }

  /** Whoever wakes a reader, a run that takes output in or a socket, must not be hit by what its record is like. */
  #pump(): void {
    try {
      while (!this.#draining && !this.#response.writableEnded && this.#sendPage());
    } catch (failure) {
      this.#figures.log.error("The record could not be read for a reader, who was disconnected", { failure });
      this.#response.destroy();
    }
  }

  /** False when nothing more is there now. */
  #sendPage(): boolean {
    const messages = this.#feed.after(this.#at, pageBytes);
    for (const { seq, bytes } of batches(messages)) {
      this.#at = seq;
      this.#send(bytes);
      this.#draining = this.#response.writableLength > highWaterBytes;
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
    const { longestStallMs } = this.#figures;
    this.#stall = setTimeout(() => this.#response.destroy(), longestStallMs).unref();
  }

  #send(bytes: Buffer): void {
    this.#begun = true;
    this.#figures.bytesSent += bytes.length;
    this.#response.write(bytes);
  }
}

/** The messages in order, small ones put together; each is encoded only when its turn comes. */
function* batches(messages: readonly EventMessage[]): Generator<EventMessage> {
  let waiting: Buffer[] = [];
  let size = 0;
  for (const [index, { seq, bytes }] of messages.entries()) {
    waiting.push(bytes);
    size += bytes.length;
    if (size < batchBytes && index < messages.length - 1) continue;
    yield { seq, bytes: waiting.length === 1 ? bytes : Buffer.concat(waiting) };
    waiting = [];
    size = 0;
  }
}
