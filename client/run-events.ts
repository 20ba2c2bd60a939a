import { api } from "../protocol/api.ts";
import { Change } from "../protocol/change.ts";
import { type OutputStream, RunEvent, type StreamQuery } from "../protocol/event.ts";
import { JobEvent } from "../protocol/job-event.ts";
import { Problem } from "../protocol/problem.ts";
import { framesType } from "../protocol/frames.ts";
import type { RerunRequestInput, RunRequestInput } from "../protocol/run.ts";
import type { EventSource, Received, SubscribeOptions } from "./events.ts";
import { subscribe } from "./events.ts";
import { type CallOptions, openRequest } from "./open-request.ts";
import { isCut } from "./request.ts";
import type { ResumeOptions } from "./resume.ts";
import type { Reply } from "./reply.ts";
import { type FrameEvents, FrameStream, type RunFrame } from "./run-frames.ts";
import { startInput, type StartRunOptions } from "./start-run.ts";
import type { Transport } from "./transport.ts";

const eventStream = "text/event-stream";

type OutputEvent = Extract<RunEvent, { type: "output" }>;

export interface RunEventsOptions extends SubscribeOptions {
  /** Return the record unfiltered, shell noise included. */
  readonly raw?: boolean | undefined;
  /** Return every byte received, whatever the record's limit; the host waits for this reader. */
  readonly all?: boolean | undefined;
}

/** An event of a run, with output as the bytes that the command wrote. */
export type RunBytesEvent = ControlEvent | RunOutput;

export interface RunOutput {
  readonly type: "output";
  readonly stream: OutputStream;
  readonly bytes: Buffer;
  /** The time at which they were recorded, as ISO 8601. */
  readonly timestamp: string;
}

type ControlEvent = Exclude<RunEvent, OutputEvent>;

/**
 * The events of a run from its beginning up to `complete`, like `runEvents` but using frames: the recorded output,
 * without shell noise. An interrupted stream is resumed, and every byte is delivered once.
 */
export function runBytesEvents(
  transport: Transport,
  run: string,
  options: ResumeOptions = {},
): AsyncGenerator<RunBytesEvent, void, undefined> {
  return bytesEvents(new FrameStream(transport, recorded, controlEvents).readRun(run, options));
}

/** A run to start: a request for a new one, or to run an old one again. */
export type RunToStart =
  | { readonly body: RunRequestInput; readonly production?: "refuse" | undefined }
  | { readonly rerun: string; readonly body: RerunRequestInput };

/** Sends a run, repeatedly if needed, until a daemon accepts it. */
export type SendAgain = (post: () => Promise<Reply>) => Promise<Reply>;

/**
 * Starts a run and streams its events as `runBytesEvents` does, with one request instead of two. It runs once, even if
 * the connection is lost. Rejects as `call` does if it could not be started.
 */
export async function* startedBytesEvents(
  transport: Transport,
  run: RunToStart,
  { send = (post) => post(), ...options }: ResumeOptions & { readonly send?: SendAgain } = {},
): AsyncGenerator<RunBytesEvent, void, undefined> {
  const { headers } = startInput({});
  const post = (signal: AbortSignal | undefined): Promise<Reply> =>
    send(() => postRun(transport, run, { headers, signal }));
  // If no daemon runs, the caller must start one; a daemon that may have received the request is asked again.
  let reply = await post(options.signal).catch((failure: unknown) => {
    if (isCut(failure)) return undefined;
    throw failure;
  });
  const start = async (signal: AbortSignal | undefined): Promise<Reply> => {
    const answered = reply ?? (await post(signal));
    reply = undefined;
    return answered;
  };
  yield* bytesEvents(new FrameStream(transport, recorded, controlEvents).read(start, options));
}

function postRun(transport: Transport, run: RunToStart, sent: CallOptions): Promise<Reply> {
  const { body } = run;
  if ("rerun" in run) {
    const input = { ...sent, params: { run: run.rerun }, query: recorded, body };
    return openRequest(transport, api.rerun, input, framesType);
  }
  const query = { ...recorded, production: run.production };
  return openRequest(transport, api.createRun, { ...sent, query, body }, framesType);
}

const recorded = { follow: "recorded", raw: "0", positions: "1" } as const;

async function* bytesEvents(
  frames: AsyncIterable<RunFrame<ControlEvent>>,
): AsyncGenerator<RunBytesEvent, void, undefined> {
  for await (const frame of frames) {
    if ("event" in frame) yield frame.event;
    else yield { type: "output", ...frame, timestamp: frame.timestamp ?? new Date().toISOString() };
  }
}

const controlEvents: FrameEvents<ControlEvent> = {
  parse: (data) => {
    const event = RunEvent.safeParse(data).data;
    return event?.type === "output" ? undefined : event;
  },
  knows: (type) => isTypeOf(RunEvent, type),
};

export interface StreamRunOptions extends RunEventsOptions, StartRunOptions {}

/** The events of a run from its beginning, or after `after`, up to `complete`. */
export function runEvents(
  transport: Transport,
  run: string,
  options: RunEventsOptions = {},
): AsyncGenerator<Received<RunEvent>, void, undefined> {
  return subscribe(
    sourceOf(transport, () => run, options),
    options,
  );
}

/**
 * Runs a command and streams its events, `init` first and `complete` last. The response to a single POST is the
 * stream; if it is interrupted it is resumed, and the command runs once: until its id is known, the POST is repeated
 * with the same Idempotency-Key.
 */
export async function* streamRun(
  transport: Transport,
  request: RunRequestInput,
  options: StreamRunOptions = {},
): AsyncGenerator<Received<RunEvent>, void, undefined> {
  const { headers, production } = startInput(options);
  const query = { ...queryOf(options), production };
  let run: string | undefined;
  const resumed = sourceOf(transport, () => run ?? "", options);
  const source: EventSource<RunEvent> = {
    ...resumed,
    open: (after, signal) =>
      run === undefined
        ? openRequest(transport, api.createRun, { query, body: request, headers, signal }, eventStream)
        : resumed.open(after, signal),
  };
  for await (const received of subscribe(source, options)) {
    run = received.event.runId;
    yield received;
  }
}

export interface JobEventsOptions extends SubscribeOptions {
  /** Whether output is included; by default it is. */
  readonly output?: boolean | undefined;
}

/**
 * The events of all runs of a job, up to `jobComplete`. After a restart the daemon numbers them anew: then the stream
 * is read from its beginning, and events that were already delivered are skipped.
 */
export async function* jobEvents(
  transport: Transport,
  job: string,
  options: JobEventsOptions = {},
): AsyncGenerator<Received<JobEvent>, void, undefined> {
  const delivered = new Map<string, number>();
  const source = jobSource(transport, job, options);
  for (;;) {
    const known = new Map(delivered);
    try {
      for await (const received of subscribe(source, options))
        if (isNew(received.event, known, delivered)) yield received;
      return;
    } catch (failure) {
      const isNumberedAnew = failure instanceof Problem && failure.code === "stream_position_unknown";
      if (!isNumberedAnew || delivered.size === 0 || options.after !== undefined) throw failure;
    }
  }
}

/** Counts events by run: `known` is the number of repeated ones left to skip, `delivered` the total delivered. */
function isNew(event: JobEvent, known: Map<string, number>, delivered: Map<string, number>): boolean {
  if (!("runId" in event)) return true;
  const left = known.get(event.runId) ?? 0;
  known.set(event.runId, left - 1);
  if (left > 0) return false;
  delivered.set(event.runId, (delivered.get(event.runId) ?? 0) + 1);
  return true;
}

function jobSource(transport: Transport, job: string, options: JobEventsOptions): EventSource<JobEvent> {
  const query = options.output === false ? ({ output: "0" } as const) : {};
  return {
    open: (after, signal) =>
      openRequest(
        transport,
        api.jobEvents,
        { params: { job }, query, headers: lastEventId(after), signal },
        eventStream,
      ),
    parse: (data) => JobEvent.safeParse(data).data,
    knows: (type) => isTypeOf(JobEvent, type),
    // Numbers are missing where output is left out, and where a record was truncated.
    standsForMany: () => true,
    isLast: (event) => event.type === "jobComplete",
  };
}

/** Changes in the daemon, until the signal is aborted; after a `reset` the lists must be reloaded. */
export function changes(
  transport: Transport,
  options: SubscribeOptions = {},
): AsyncGenerator<Received<Change>, void, undefined> {
  const source: EventSource<Change> = {
    open: (after, signal) =>
      openRequest(transport, api.changes, { headers: lastEventId(after), signal }, eventStream),
    parse: (data) => Change.safeParse(data).data,
    knows: (type) => isTypeOf(Change, type),
    isLast: () => false,
  };
  return subscribe(source, options);
}

function sourceOf(transport: Transport, run: () => string, options: RunEventsOptions): EventSource<RunEvent> {
  return {
    open: (after, signal) =>
      openRequest(
        transport,
        api.runEvents,
        {
          params: { run: run() },
          query: queryOf(options),
          headers: lastEventId(after),
          signal,
        },
        eventStream,
      ),
    parse: createParser(),
    knows: (type) => isTypeOf(RunEvent, type),
    standsForMany: (event) => event.type === "gap",
    isLast: (event) => event.type === "complete",
  };
}

function isTypeOf(
  union: { readonly options: readonly { readonly shape: { readonly type: { readonly value: string } } }[] },
  type: string,
): boolean {
  return union.options.some(({ shape }) => shape.type.value === type);
}

function queryOf({ raw, all }: RunEventsOptions): StreamQuery {
  return { ...(raw === true ? { raw: "1" } : {}), ...(all === true ? { follow: "all" } : {}) };
}

/** A gap in the record may begin before the end of what this reader has seen; for the reader it begins after that. */
function createParser(): (data: unknown) => RunEvent | undefined {
  const last: { [Stream in OutputStream]?: OutputEvent } = {};
  return (data) => {
    const event = RunEvent.safeParse(data).data;
    if (event?.type === "output") last[event.stream] = event;
    if (event?.type !== "gap") return event;
    const from = Math.max(event.from, endOf(last[event.stream]));
    return { ...event, from: Math.min(from, event.to) };
  };
}

function endOf(event: OutputEvent | undefined): number {
  if (event === undefined) return 0;
  return event.offset + Buffer.byteLength(event.data, event.encoding ?? "utf8") + (event.filteredBytes ?? 0);
}

function lastEventId(after: string | undefined): Record<string, string> {
  return after === undefined ? {} : { "last-event-id": after };
}
