import type { Readable } from "node:stream";
import type { Api } from "../protocol/api.ts";
import type { Change } from "../protocol/change.ts";
import { build } from "../protocol/build.ts";
import { type Discovery, protocolVersion } from "../protocol/discovery.ts";
import type { RunEvent } from "../protocol/event.ts";
import { Problem } from "../protocol/problem.ts";
import type { JobEvent } from "../protocol/job-event.ts";
import type { RunRequestInput } from "../protocol/run.ts";
import type { Health } from "../protocol/stats.ts";
import type { Found, DaemonCandidate } from "./discover.ts";
import { discover, candidateOf } from "./discover.ts";
import type { Received, SubscribeOptions } from "./events.ts";
import type { HandoverOptions } from "./handover.ts";
import { isOlder } from "./is-older.ts";
import { withReason } from "./other-build.ts";
import { sendPastStop } from "./past-stop.ts";
import { placesIn } from "./places.ts";
import { reach } from "./reach.ts";
import type { Answer, CallableName, CallArguments } from "./request.ts";
import type { ResumeOptions } from "./resume.ts";
import type {
  JobEventsOptions,
  RunBytesEvent,
  RunEventsOptions,
  RunToStart,
  SendAgain,
  StreamRunOptions,
} from "./run-events.ts";
import type { Reply } from "./reply.ts";
import { openBackup, openOutput, type OutputOptions, writeStdin } from "./run-bytes.ts";
import type { RunFrame, RunFramesOptions, StartRun } from "./run-frames.ts";
import { runFrames, subscribeFrames } from "./run-frames.ts";
import { type PostRun, startAtOnce } from "./start-at-once.ts";

export interface OpenDaemonOptions {
  /** An absolute path; by default this user's state directory. */
  readonly stateDirectory?: string | undefined;
  /** The script to start the daemon with when none runs; without it only a running daemon is found. */
  readonly daemonScript?: string | undefined;
  /** The Node or Electron that runs it; by default this process's own. */
  readonly daemonRuntime?: string | undefined;
  /** Arguments for a daemon that is started. */
  readonly daemonArguments?: readonly string[] | undefined;
  readonly deadlineMs?: number | undefined;
  /** How to replace a daemon of an older version than this program's; see `handOver`. */
  readonly handover?: HandoverOptions | undefined;
  /** Whether connections are kept for the next call; by default they are. */
  readonly keepConnections?: boolean | undefined;
  /**
   * Trust daemon.json without a health check, for a caller whose first use is `runFrames`: the run is sent at once; only
   * if that daemon does not start it is another one found or started.
   */
  readonly unverified?: boolean | undefined;
}

/**
 * Finds the daemon, or starts it. Rejects with `daemon_unreachable` (its `reason`: "not_running", "died", "late",
 * "silent", "damaged", "not_allowed"), `daemon_incompatible` or `forbidden`; each problem includes what to do next.
 */
export async function openDaemon(options: OpenDaemonOptions = {}, signal?: AbortSignal): Promise<Daemon> {
  const places = placesIn(options.stateDirectory);
  const { daemonScript, unverified, ...others } = options;
  const find = (again?: AbortSignal): Promise<Daemon> => openDaemon({ ...others, daemonScript }, again);
  const starts = daemonScript !== undefined;
  if (unverified === true) {
    const candidate = usable(candidateOf(places), options);
    if (candidate !== undefined) return new Daemon(candidate, { find, starts, isVerified: false });
  }
  const found =
    daemonScript === undefined
      ? await discover(places, signal)
      : await reach({ ...options, daemonScript, places }, signal);
  if (found !== undefined) {
    const { keepConnections = true } = options;
    const transport = keepConnections ? found.transport : found.transport.withoutReuse();
    return new Daemon({ ...found, transport }, { find, starts, isVerified: true });
  }
  const { refuseDamage } = await import("./damaged-discovery.ts");
  await refuseDamage(places);
  throw new Problem(
    "daemon_unreachable",
    `No Hostrun daemon runs for ${places.directory}. Start it with \`hostrun start\`.`,
    { reason: "not_running" },
  );
}

/** The daemon as a health check would report it, if it need not be replaced and has this version of the API. */
function usable(
  candidate: DaemonCandidate | undefined,
  { handover, keepConnections }: OpenDaemonOptions,
): Found | undefined {
  if (candidate === undefined) return undefined;
  const { version, protocol, pid } = candidate.discovery;
  if (protocol !== protocolVersion || (handover && isOlder(version, handover.version))) return undefined;
  const transport = keepConnections === false ? candidate.transport.withoutReuse() : candidate.transport;
  return { ...candidate, transport, health: { status: "ok", version, protocol, build, pid } };
}

/** How the daemon was found. */
interface DaemonSource {
  /** Finds the running daemon, or starts one if the caller asked for that. */
  readonly find: (signal?: AbortSignal) => Promise<Daemon>;
  readonly starts: boolean;
  /** Whether the daemon has answered. */
  readonly isVerified: boolean;
}

/**
 * A connection to the daemon: calls, event streams, and byte streams from and to a run. Parts that need the API's
 * schemas are loaded when they are first used.
 */
export class Daemon implements AsyncDisposable {
  #found: Found;
  #isVerified: boolean;
  readonly #source: DaemonSource;

  constructor(found: Found, source: DaemonSource) {
    this.#found = found;
    this.#source = source;
    this.#isVerified = source.isVerified;
  }

  get discovery(): Discovery {
    return this.#found.discovery;
  }

  /** The result of the last health check; assumed for an unverified daemon. */
  get health(): Health {
    return this.#found.health;
  }

  /** Calls an endpoint of the API by its name; see `call` in request.ts for how it rejects. */
  async call<Name extends CallableName>(
    name: Name,
    ...input: CallArguments<Name>
  ): Promise<Answer<Api[Name]>> {
    return this.#call(name, false, ...input);
  }

  /** Makes a call that changes nothing, and goes on to the next daemon if this one has ended, like one that starts a run. */
  async ask<Name extends CallableName>(
    name: Name,
    ...input: CallArguments<Name>
  ): Promise<Answer<Api[Name]>> {
    return this.#call(name, true, ...input);
  }

  async #call<Name extends CallableName>(
    name: Name,
    asks: boolean,
    ...input: CallArguments<Name>
  ): Promise<Answer<Api[Name]>> {
    const { call } = await import("./request.ts");
    try {
      return await call({ transport: this.#found.transport, start: this.#send, asks }, name, ...input);
    } catch (failure) {
      throw withReason(failure, this.health);
    }
  }

  /** Runs a command and streams its events, from `init` to `complete`; an interrupted stream is resumed. */
  async *run(
    request: RunRequestInput,
    options?: StreamRunOptions,
  ): AsyncGenerator<Received<RunEvent>, void, undefined> {
    const { streamRun } = await import("./run-events.ts");
    yield* streamRun(this.#found.transport, request, options);
  }

  /** Streams the events of an existing run, up to `complete`. */
  async *subscribe(
    run: string,
    options?: RunEventsOptions,
  ): AsyncGenerator<Received<RunEvent>, void, undefined> {
    const { runEvents } = await import("./run-events.ts");
    yield* runEvents(this.#found.transport, run, options);
  }

  /** Runs a command like `run`, with its output as raw bytes: all of them, and the host waits for this reader. */
  runFrames(request: RunRequestInput, options?: RunFramesOptions): AsyncGenerator<RunFrame, void, undefined> {
    const start: StartRun = (post, signal) => this.#send(() => this.#start(post, signal), signal);
    return runFrames(this.#found.transport, request, { ...options, start });
  }

  async #start(post: PostRun, signal: AbortSignal | undefined): Promise<Reply> {
    const wasVerified = this.#isVerified;
    this.#isVerified = true;
    if (wasVerified) return post({}, signal);
    const reply = await startAtOnce(this.#found, post);
    if (reply !== undefined) return reply;
    await this.#moveOn(signal);
    return post({}, signal);
  }

  readonly #send = <T>(send: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
    this.#source.starts ? sendPastStop(send, () => this.#moveOn(signal), signal) : send();

  async #moveOn(signal: AbortSignal | undefined): Promise<void> {
    const found = (await this.#source.find(signal)).#found;
    const { transport } = this.#found;
    transport.moveTo(found.transport);
    this.#found = { ...found, transport };
  }

  /** The same for an existing run. */
  subscribeFrames(run: string, options?: ResumeOptions): AsyncGenerator<RunFrame, void, undefined> {
    return subscribeFrames(this.#found.transport, run, options);
  }

  /** Streams an existing run's events with output as bytes, using frames: the recorded output, without shell noise. */
  async *subscribeBytes(
    run: string,
    options?: ResumeOptions,
  ): AsyncGenerator<RunBytesEvent, void, undefined> {
    const { runBytesEvents } = await import("./run-events.ts");
    yield* runBytesEvents(this.#found.transport, run, options);
  }

  /** Starts a run, and streams its events in the same way. */
  async *startBytes(
    run: RunToStart,
    options?: ResumeOptions,
  ): AsyncGenerator<RunBytesEvent, void, undefined> {
    const { startedBytesEvents } = await import("./run-events.ts");
    const send: SendAgain = (post) => this.#send(post, options?.signal);
    try {
      yield* startedBytesEvents(this.#found.transport, run, { ...options, send });
    } catch (failure) {
      throw withReason(failure, this.health);
    }
  }

  /** Streams the events of all runs of a job, up to `jobComplete`. */
  async *jobEvents(
    job: string,
    options?: JobEventsOptions,
  ): AsyncGenerator<Received<JobEvent>, void, undefined> {
    const { jobEvents } = await import("./run-events.ts");
    yield* jobEvents(this.#found.transport, job, options);
  }

  /** Streams changes in the daemon, until the signal is aborted. */
  async *changes(options?: SubscribeOptions): AsyncGenerator<Received<Change>, void, undefined> {
    const { changes } = await import("./run-events.ts");
    yield* changes(this.#found.transport, options);
  }

  /** A run's recorded output, byte for byte, asked for in this way; break out of the loop to stop early. */
  openOutput(
    run: string,
    stream: "stdout" | "stderr" | "both",
    options?: OutputOptions,
  ): Promise<AsyncIterable<Buffer>> {
    return this.#send(() => openOutput(this.#found.transport, run, stream, options), options?.signal);
  }

  /** The daemon's state as one file; it is complete if it has the length given in the response. */
  openBackup(signal?: AbortSignal): Promise<Reply> {
    return openBackup(this.#found.transport, signal);
  }

  /** Streams bytes to a run's standard input, and closes it afterwards if `end` is true. */
  writeStdin(
    run: string,
    source: Readable,
    options: { readonly end: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    return writeStdin(this.#found.transport, run, source, options);
  }

  /** Closes the connections; the daemon and its runs continue. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#found.transport[Symbol.dispose]();
  }
}
