import type { ServerResponse } from "node:http";

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

  constructor(longestStallMs = 300_000) {
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
  let at = feed.from;
  let draining = false;
  let begun = false;
  figures.begin(at > 0 && feed.opening === undefined);

  let stall: NodeJS.Timeout | undefined;
  const send = (bytes: Buffer): void => {
    begun = true;
    figures.bytesSent += bytes.length;
    response.write(bytes);
  };
  const pump = (): void => {
    while (!draining && !response.writableEnded) {
      const messages = feed.after(at, pageBytes);
      if (messages.length === 0) {
        if (feed.over(at)) response.end();
        return;
      }
      for (const { seq, bytes } of batches(messages)) {
        at = seq;
        send(bytes);
        draining = response.writableLength > highWaterBytes;
        if (draining) break;
      }
      if (draining) stall = setTimeout(() => response.destroy(), figures.longestStallMs).unref();
    }
  };

  response.on("drain", () => {
    draining = false;
    clearTimeout(stall);
    pump();
  });
  const unfollow = feed.follow(pump);
  const beat = setInterval(() => {
    if (!draining) send(heartbeat);
  }, heartbeatMs);
  // At the end of this turn: by then a run's command is on its way to the host, and the head goes out in one
  // write with the first events.
  const beginning = setImmediate(() => {
    pump();
    if (!begun) response.flushHeaders();
  });
  response.on("close", () => {
    figures.open--;
    clearImmediate(beginning);
    unfollow();
    clearInterval(beat);
    clearTimeout(stall);
  });

  response.writeHead(status, headers);
  if (feed.opening !== undefined) send(feed.opening);
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
