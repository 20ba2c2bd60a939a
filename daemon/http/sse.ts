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
  readonly bytes: Buffer;
}

/** Counted over every event stream of the daemon. */
export class StreamFigures {
  open = 0;
  opened = 0;
  resumed = 0;
  bytesSent = 0;
  readonly log: Log;
  /** A reader that takes nothing for so long is disconnected; it can go on where it was. */
  readonly longestStallMs: number;

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
/** Above this much unsent the reader is waited for: with one page it stays under 1 MB. */
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
  const pump = orDisconnect(response, figures.log, () => {
    while (!draining && !response.writableEnded) {
      const messages = feed.after(at, pageBytes);
      if (messages.length === 0) {
        if (feed.over(at)) response.end();
        return;
      }
      at = messages.at(-1)?.seq ?? at;
      send(joined(messages));
      draining = response.writableLength > highWaterBytes;
      if (draining) stall = setTimeout(() => response.destroy(), figures.longestStallMs).unref();
    }
  });

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

/** Whoever wakes a reader, a run that takes output in or a socket, must not be hit by what this reader's record is like. */
function orDisconnect(response: ServerResponse, log: Log, send: () => void): () => void {
  return () => {
    try {
      send();
    } catch (failure) {
      log.error("The record could not be read for a reader, who was disconnected", { failure });
      response.destroy();
    }
  };
}

function joined(messages: readonly EventMessage[]): Buffer {
  const [only] = messages.length === 1 ? messages : [];
  return only?.bytes ?? Buffer.concat(messages.map(({ bytes }) => bytes));
}
