import { isInstant, isObjectWith, isSize, isText } from "../protocol/check.ts";
import type { OutputStream } from "../protocol/event.ts";
import { type FrameEvent, isFrameEvent, isFrameEventType } from "../protocol/frame-event.ts";
import { frameKinds, framesType } from "../protocol/frames.ts";
import { routes } from "../protocol/routes.ts";
import type { RunRequestInput } from "../protocol/run.ts";
import { type EventSource, parseEvent, type Received } from "./events.ts";
import { FrameParser } from "./frames.ts";
import { openRequest, parseJson } from "./open-request.ts";
import type { Reply } from "./reply.ts";
import { type ResumeOptions, resume } from "./resume.ts";
import type { PostRun } from "./start-at-once.ts";
import { startInput, type StartRunOptions } from "./start-run.ts";
import type { Transport } from "./transport.ts";

/** Output as the command wrote it, or an event of another kind. */
export type RunFrame<Event = FrameEvent> = OutputBytes | Received<Event>;

export interface OutputBytes {
  readonly stream: OutputStream;
  readonly bytes: Buffer;
  /** The time at which they were recorded, as ISO 8601, if positions were requested. */
  readonly timestamp?: string | undefined;
}

export interface RunFramesOptions extends ResumeOptions, StartRunOptions {}

/**
 * Runs a command and streams it as frames with all of its output: `init` first and `complete` last. An interrupted
 * stream is resumed and the command runs once, as with `streamRun`.
 */
export function runFrames(
  transport: Transport,
  request: RunRequestInput,
  { start = (post, signal) => post({}, signal), ...options }: RunFramesOptions & { start?: StartRun } = {},
): AsyncGenerator<RunFrame, void, undefined> {
  const { headers, production } = startInput(options);
  const query = { ...all, production };
  const post: PostRun = (more, signal) => {
    const input = { query, body: request, headers: { ...headers, ...more }, signal };
    return openRequest(transport, routes.createRun, input, framesType);
  };
  return new FrameStream(transport, all, frameEvents).read((signal) => start(post, signal), options);
}

/** How a run is sent; by default directly. */
export type StartRun = (post: PostRun, signal: AbortSignal | undefined) => Promise<Reply>;

/** The frames of a run, from its beginning up to `complete`, with the times at which its output was recorded. */
export function subscribeFrames(
  transport: Transport,
  run: string,
  options: ResumeOptions = {},
): AsyncGenerator<RunFrame, void, undefined> {
  return new FrameStream(transport, { ...all, positions: "1" }, frameEvents).readRun(run, options);
}

const all = { follow: "all" } as const;

const frameEvents: FrameEvents<FrameEvent> = {
  parse: (data) => (isFrameEvent(data) ? data : undefined),
  knows: isFrameEventType,
};

/** How the events between the output are parsed. */
export type FrameEvents<Event> = Pick<EventSource<Event>, "parse" | "knows">;

/** Which of a run's frames to request: see `EventsQuery`. */
export interface FramesQuery {
  readonly follow: "all" | "recorded";
  readonly raw?: "0";
  readonly positions?: "1";
}

/** What the stream itself needs of an event; the last two belong to a gap. */
interface StreamEvent {
  readonly type: string;
  readonly runId: string;
  readonly stream?: OutputStream;
  readonly to?: number;
}

/** A run's frames, and how much of them was processed. */
export class FrameStream<Event extends StreamEvent> {
  readonly #transport: Transport;
  readonly #query: FramesQuery;
  readonly #events: FrameEvents<Event>;
  readonly #inPieces: boolean;
  readonly #bytes = { stdout: 0, stderr: 0 };
  /** The position of the next output. */
  #position: FramePosition | undefined;
  /** Set by the first event. */
  #run: string | undefined;
  #after: string | undefined;

  /**
   * Without positions output is yielded as it arrives, and so may be split anywhere; with them a character is never
   * split.
   */
  constructor(transport: Transport, query: FramesQuery, events: FrameEvents<Event>) {
    this.#transport = transport;
    this.#query = query;
    this.#events = events;
    this.#inPieces = query.positions === undefined;
  }

  /** No output precedes the first event: until then an interrupted stream is reopened with `start`. */
  read(
    start: (signal: AbortSignal | undefined) => Promise<Reply>,
    options: ResumeOptions,
  ): AsyncGenerator<RunFrame<Event>, void, undefined> {
    return resume(
      {
        open: (signal) => (this.#run === undefined ? start(signal) : this.#open(this.#run, signal)),
        read: (chunks) => this.#frames(chunks),
        isLast: (frame) => "event" in frame && frame.event.type === "complete",
      },
      options,
    );
  }

  readRun(run: string, options: ResumeOptions): AsyncGenerator<RunFrame<Event>, void, undefined> {
    return this.read((signal) => this.#open(run, signal), options);
  }

  #open(run: string, signal: AbortSignal | undefined): Promise<Reply> {
    const { stdout, stderr } = this.#bytes;
    const taken = { after: this.#after, stdout: String(stdout), stderr: String(stderr) };
    const query = { ...this.#query, ...(this.#run === undefined ? {} : taken) };
    return openRequest(this.#transport, routes.runEvents, { params: { run }, query, signal }, framesType);
  }

  async *#frames(chunks: AsyncIterable<Buffer>): AsyncGenerator<RunFrame<Event>, void, undefined> {
    const parser = new FrameParser(this.#inPieces ? [frameKinds.stdout, frameKinds.stderr] : []);
    this.#position = undefined;
    for await (const chunk of chunks) {
      for (const { kind, bytes } of parser.push(chunk)) {
        const event = kind === frameKinds.event ? this.#event(bytes) : undefined;
        if (event !== undefined) yield event;
        else if (kind === frameKinds.stdout) yield this.#output("stdout", bytes);
        else if (kind === frameKinds.stderr) yield this.#output("stderr", bytes);
        else if (kind === frameKinds.position) this.#position = positionOf(bytes);
      }
    }
  }

  #output(stream: OutputStream, bytes: Buffer): OutputBytes {
    const { offset = this.#bytes[stream], timestamp } = this.#position ?? {};
    this.#position = undefined;
    this.#bytes[stream] = offset + bytes.length;
    return { stream, bytes, timestamp };
  }

  #event(json: Buffer): Received<Event> | undefined {
    let id = "";
    const parse = (data: unknown): Event | undefined => {
      if (!hasId(data)) return undefined;
      id = data.id;
      return this.#events.parse(data);
    };
    const event = parseEvent(json.toString(), { ...this.#events, parse });
    if (event === undefined) return undefined;
    this.#run = event.runId;
    this.#after = id;
    if (event.type === "gap" && event.stream !== undefined && event.to !== undefined) {
      this.#bytes[event.stream] = event.to;
    }
    return { id, event };
  }
}

/** The offset of a piece of output in its stream, and when it was recorded. */
interface FramePosition {
  readonly offset: number;
  readonly timestamp: string;
}

const isPositionJson = isObjectWith({ offset: isSize, timestamp: isInstant });

function isPosition(data: unknown): data is FramePosition {
  return isPositionJson(data);
}

function positionOf(json: Buffer): FramePosition | undefined {
  const data = parseJson(json.toString());
  return isPosition(data) ? data : undefined;
}

const hasIdText = isObjectWith({ id: isText });

function hasId(data: unknown): data is { readonly id: string } {
  return hasIdText(data);
}
