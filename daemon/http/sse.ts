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
  readonly bytes: Buffer;
}

/** Counted over every event stream of the daemon. */
export class StreamFigures {
  open = 0;
  opened = 0;
  resumed = 0;
  bytesSent = 0;
}

const pageBytes = 256 * 1024;
/** Above this much unsent the reader is waited for: with one page it stays under 1 MB. */
const highWaterBytes = 512 * 1024;
const heartbeatMs = 15_000;
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
  figures.open++;
  figures.opened++;
  if (at > 0 && feed.opening === undefined) figures.resumed++;

  const send = (bytes: Buffer): void => {
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
      at = messages.at(-1)?.seq ?? at;
      send(
        messages.length === 1 && messages[0]
          ? messages[0].bytes
          : Buffer.concat(messages.map(({ bytes }) => bytes)),
      );
      draining = response.writableLength > highWaterBytes;
    }
  };

  response.on("drain", () => {
    draining = false;
    pump();
  });
  const unfollow = feed.follow(pump);
  const beat = setInterval(() => {
    if (!draining) send(heartbeat);
  }, heartbeatMs);
  response.on("close", () => {
    figures.open--;
    unfollow();
    clearInterval(beat);
  });

  response.writeHead(status, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",
  });
  if (feed.opening === undefined) response.flushHeaders();
  else send(feed.opening);
  pump();
}
