import type { IncomingMessage } from "node:http";
import { parseEventId } from "../protocol/event.ts";
import { Problem } from "../protocol/problem.ts";
import { BackOff } from "./back-off.ts";
import { SseParser } from "./sse.ts";

/** One event as it was received; `id` is where to go on from after it. */
export interface Received<Event> {
  readonly id: string;
  readonly event: Event;
}

export interface EventSource<Event> {
  /** Opens the stream behind event `after`, or from its beginning; rejects with a Problem. */
  open(after: string | undefined, signal: AbortSignal | undefined): Promise<IncomingMessage>;
  /** Undefined when the data is not understood. */
  parse(data: unknown): Event | undefined;
  /** Whether this event stands for all between the one before it and itself, whose numbers are gone. */
  standsForMany?(event: Event): boolean;
  /** Whether this event is the last one; a stream that ends without it was cut. */
  isLast(event: Event): boolean;
}

export interface SubscribeOptions {
  /** Go on behind this event. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long a cut stream is tried to be resumed without getting anywhere; default 10 s. */
  readonly giveUpAfterMs?: number | undefined;
}

/** The daemon sends a comment every 15 s; three missing ones mean that it hangs. */
const silentMs = 45_000;
const endMs = 200;

/**
 * The events of a stream, each once and in order, across cuts: after one it is opened again behind the last
 * event that was taken in. It reads no faster than it is iterated. Ends after the last event; throws the
 * Problem that makes going on impossible, or the signal's AbortError.
 */
export async function* subscribe<Event>(
  source: EventSource<Event>,
  options: SubscribeOptions = {},
): AsyncGenerator<Received<Event>, void, undefined> {
  const { signal } = options;
  const backOff = new BackOff(options.giveUpAfterMs ?? 10_000);
  const position: Position = { after: options.after, ended: false };
  for (;;) {
    let failure: Problem;
    try {
      for await (const received of openOnce(source, position, signal)) {
        backOff.reset();
        yield received;
      }
      if (position.ended) return;
      failure = cut("ended before the last event");
    } catch (error) {
      signal?.throwIfAborted();
      if (!isCut(error)) throw error;
      failure = error;
    }
    if (!(await backOff.next(signal))) throw failure;
  }
}

/** How far a subscription has come. */
interface Position {
  after: string | undefined;
  ended: boolean;
}

async function* openOnce<Event>(
  source: EventSource<Event>,
  position: Position,
  signal: AbortSignal | undefined,
): AsyncGenerator<Received<Event>, void, undefined> {
  const stream = await source.open(position.after, signal);
  try {
    for await (const received of readEvents(stream, source, position.after)) {
      position.after = received.id;
      position.ended = source.isLast(received.event);
      yield received;
      if (position.ended) return;
    }
  } finally {
    if (position.ended) await readOut(stream);
    else stream.destroy();
  }
}

/** The daemon ends the answer after the last event; read to its end, the connection serves the next request. */
async function readOut(stream: IncomingMessage): Promise<void> {
  const late = setTimeout(() => stream.destroy(), endMs);
  stream.resume();
  if (!stream.closed) await new Promise((resolve) => stream.once("close", resolve));
  clearTimeout(late);
}

/** Only what a new connection can mend is tried again. */
function isCut(error: unknown): error is Problem {
  return (
    error instanceof Problem && error.code === "daemon_unreachable" && error.members.reason !== "not_allowed"
  );
}

function cut(what: string, cause?: unknown): Problem {
  return new Problem(
    "daemon_unreachable",
    `The event stream ${what}. See \`hostrun status\` and \`hostrun logs\`.`,
    { reason: "cut", cause },
  );
}

async function* readEvents<Event>(
  stream: IncomingMessage,
  source: EventSource<Event>,
  after: string | undefined,
): AsyncGenerator<Received<Event>, void, undefined> {
  const parser = new SseParser();
  let last = after;
  for await (const chunk of watched(stream)) {
    for (const message of parser.push(chunk)) {
      if (message.event !== "message") continue;
      const order = orderOf(message.id, last);
      if (order === "seen") continue;
      const event = parseEvent(message.data, source);
      if (order === "jumped" && source.standsForMany?.(event) !== true) {
        throw cut(`left out what is between ${last ?? ""} and ${message.id}`);
      }
      last = message.id;
      yield { id: message.id, event };
    }
  }
}

/** What an id says of its place behind `last`; within one epoch the numbers have no holes but before a gap. */
function orderOf(id: string, last: string | undefined): "next" | "seen" | "jumped" {
  const before = last === undefined ? undefined : parseEventId(last);
  const now = parseEventId(id);
  if (before === undefined || now === undefined || before.epoch !== now.epoch) return "next";
  if (now.seq <= before.seq) return "seen";
  return now.seq === before.seq + 1 ? "next" : "jumped";
}

function parseEvent<Event>(data: string, source: EventSource<Event>): Event {
  let event: Event | undefined;
  try {
    event = source.parse(JSON.parse(data));
  } catch {
    // Undefined says it.
  }
  if (event !== undefined) return event;
  throw new Problem(
    "daemon_incompatible",
    "The Hostrun daemon sent an event that was not understood. It may be of another version: " +
      "try `hostrun restart`.",
  );
}

/**
 * The chunks of a stream; a break, or silence while somebody waits for more, is thrown as a cut. The time in
 * which the reader is busy with a chunk does not count.
 */
async function* watched(stream: IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
  let waiting = true;
  const watchdog = setInterval(() => {
    if (waiting) stream.destroy(new Error("silent"));
  }, silentMs).unref();
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      waiting = false;
      if (chunk instanceof Buffer) yield chunk;
      waiting = true;
      watchdog.refresh();
    }
  } catch (error) {
    throw error instanceof Problem ? error : cut("was cut", error);
  } finally {
    clearInterval(watchdog);
  }
}
