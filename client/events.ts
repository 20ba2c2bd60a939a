import { parseEventId } from "../protocol/event-id.ts";
import { Problem } from "../protocol/problem.ts";
import type { Reply } from "./reply.ts";
import { cut, resume, type ResumeOptions } from "./resume.ts";
import { SseParser } from "./sse.ts";

/** An event as received; the stream can be resumed after `id`. */
export interface Received<Event> {
  readonly id: string;
  readonly event: Event;
}

export interface EventSource<Event> {
  /** Opens the stream after event `after`, or at its beginning; rejects with a Problem. */
  open(after: string | undefined, signal: AbortSignal | undefined): Promise<Reply>;
  /** Returns undefined for data that is not understood. */
  parse(data: unknown): Event | undefined;
  /** Whether events of this type are known; unknown ones, from a newer daemon, are skipped. */
  knows(type: string): boolean;
  /** Whether this event replaces all those between the one before it and itself, so that their numbers are missing. */
  standsForMany?(event: Event): boolean;
  /** Whether this event is the last one; a stream that ends without it was interrupted. */
  isLast(event: Event): boolean;
}

export interface SubscribeOptions extends ResumeOptions {
  /** Resume after this event. */
  readonly after?: string | undefined;
}

/** The events of a stream, each exactly once and in order, even if it is interrupted: see `resume`. */
export function subscribe<Event>(
  source: EventSource<Event>,
  options: SubscribeOptions = {},
): AsyncGenerator<Received<Event>, void, undefined> {
  const position = { after: options.after };
  return resume(
    {
      open: (signal) => source.open(position.after, signal),
      read: (chunks) => readEvents(chunks, source, position),
      isLast: ({ event }) => source.isLast(event),
    },
    options,
  );
}

async function* readEvents<Event>(
  chunks: AsyncIterable<Buffer>,
  source: EventSource<Event>,
  position: { after: string | undefined },
): AsyncGenerator<Received<Event>, void, undefined> {
  const parser = new SseParser();
  for await (const chunk of chunks) {
    for (const message of parser.push(chunk)) {
      if (message.event !== "message") continue;
      const order = orderOf(message.id, position.after);
      if (order === "seen") continue;
      const event = parseEvent(message.data, source);
      if (event === undefined) {
        position.after = message.id;
        continue;
      }
      if (order === "jumped" && source.standsForMany?.(event) !== true) {
        throw cut(`left out what is between ${position.after ?? ""} and ${message.id}`);
      }
      position.after = message.id;
      yield { id: message.id, event };
    }
  }
}

/** Compares an id with `last`; within one epoch numbers are consecutive except before a gap. */
function orderOf(id: string, last: string | undefined): "next" | "seen" | "jumped" {
  const before = last === undefined ? undefined : parseEventId(last);
  const now = parseEventId(id);
  if (before === undefined || now === undefined || before.epoch !== now.epoch) return "next";
  if (now.seq <= before.seq) return "seen";
  return now.seq === before.seq + 1 ? "next" : "jumped";
}

/**
 * Parses an event from JSON; returns undefined for one that only a newer daemon knows, and throws
 * `daemon_incompatible` for a known one that is not understood.
 */
export function parseEvent<Event>(
  data: string,
  { parse, knows }: Pick<EventSource<Event>, "parse" | "knows">,
): Event | undefined {
  let event: Event | undefined;
  let content: unknown;
  try {
    content = JSON.parse(data);
    event = parse(content);
  } catch {
    // Left undefined, which is handled below.
  }
  if (event !== undefined) return event;
  if (typeof content === "object" && content !== null && "type" in content) {
    if (typeof content.type === "string" && !knows(content.type)) return undefined;
  }
  throw new Problem(
    "daemon_incompatible",
    "The Hostrun daemon sent an event that was not understood. It may be of another version: " +
      "try `hostrun restart`.",
  );
}
