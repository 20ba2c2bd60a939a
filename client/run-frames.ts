import type { OutputStream } from "../protocol/event.ts";
import { type FrameEvent, isFrameEvent, isFrameEventType } from "../protocol/frame-event.ts";
import { frameKinds, framesType } from "../protocol/frames.ts";
import { routes } from "../protocol/routes.ts";
import type { RunRequestInput } from "../protocol/run.ts";
import { parseEvent, type Received } from "./events.ts";
import { FrameParser } from "./frames.ts";
import { openRequest } from "./open-request.ts";
import type { Reply } from "./reply.ts";
import { type ResumeOptions, resume } from "./resume.ts";
import { startInput, type StartRunOptions } from "./start-run.ts";
import type { Transport } from "./transport.ts";

/** Output as the command wrote it, or an event of another kind. */
export type RunFrame = OutputBytes | Received<FrameEvent>;

export interface OutputBytes {
  readonly stream: OutputStream;
  readonly bytes: Buffer;
}

export interface RunFramesOptions extends ResumeOptions, StartRunOptions {}

/**
 * Runs a command and streams it as frames, all of it: `init` first and `complete` last. A cut is resumed and the command
 * never runs twice, as with `streamRun`.
 */
export function runFrames(
  transport: Transport,
  request: RunRequestInput,
  options: RunFramesOptions = {},
): AsyncGenerator<RunFrame, void, undefined> {
  const { headers, production } = startInput(options);
  const input = { query: { ...all, production }, body: request, headers };
  return new FrameStream(transport).read(
    (signal) => openRequest(transport, routes.createRun, { ...input, signal }, framesType),
    options,
  );
}

/** The frames of a run from its beginning, as far as it is recorded, up to `complete`. */
export function subscribeFrames(
  transport: Transport,
  run: string,
  options: ResumeOptions = {},
): AsyncGenerator<RunFrame, void, undefined> {
  const input = { query: all, params: { run } };
  return new FrameStream(transport).read(
    (signal) => openRequest(transport, routes.runEvents, { ...input, signal }, framesType),
    options,
  );
}

const all = { follow: "all" } as const;

/** A run's frames, and what of them was taken in. */
class FrameStream {
  readonly #transport: Transport;
  readonly #bytes = { stdout: 0, stderr: 0 };
  /** Known from the first event on. */
  #run: string | undefined;
  #after: string | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Nothing comes before an event: until then a stream that was cut is opened by `start` again. */
  read(
    start: (signal: AbortSignal | undefined) => Promise<Reply>,
    options: ResumeOptions,
  ): AsyncGenerator<RunFrame, void, undefined> {
    return resume(
      {
        open: (signal) => (this.#run === undefined ? start(signal) : this.#open(this.#run, signal)),
        read: (chunks) => this.#frames(chunks),
        isLast: (frame) => "event" in frame && frame.event.type === "complete",
      },
      options,
    );
  }

  #open(run: string, signal: AbortSignal | undefined): Promise<Reply> {
    const { stdout, stderr } = this.#bytes;
    const query = { ...all, after: this.#after, stdout: String(stdout), stderr: String(stderr) };
    return openRequest(this.#transport, routes.runEvents, { params: { run }, query, signal }, framesType);
  }

  async *#frames(chunks: AsyncIterable<Buffer>): AsyncGenerator<RunFrame, void, undefined> {
    const parser = new FrameParser();
    for await (const chunk of chunks) {
      for (const { kind, bytes } of parser.push(chunk)) {
        const event = kind === frameKinds.event ? this.#event(bytes) : undefined;
        if (event !== undefined) yield event;
        else if (kind === frameKinds.stdout) yield this.#output("stdout", bytes);
        else if (kind === frameKinds.stderr) yield this.#output("stderr", bytes);
      }
    }
  }

  #output(stream: OutputStream, bytes: Buffer): OutputBytes {
    this.#bytes[stream] += bytes.length;
    return { stream, bytes };
  }

  #event(json: Buffer): Received<FrameEvent> | undefined {
    const received = parseEvent(json.toString(), { parse, knows: isFrameEventType });
    if (received === undefined) return undefined;
    const { id, event } = received;
    this.#run = event.runId;
    this.#after = id;
    if (event.type === "gap") this.#bytes[event.stream] = event.to;
    return received;
  }
}

function parse(data: unknown): Received<FrameEvent> | undefined {
  if (!isFrameEvent(data) || !("id" in data) || typeof data.id !== "string") return undefined;
  return { id: data.id, event: data };
}
