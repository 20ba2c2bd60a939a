import type { Received } from "../../client/events.ts";
import { exitStatusOf, notRunStatus } from "../../client/exit-status.ts";
import type { OutputBytes } from "../../client/run-frames.ts";
import type { CompleteEvent, GapEvent, OutputStream, RunEvent } from "../../protocol/event.ts";
import type { FrameEvent } from "../../protocol/frame-event.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";
import { formatBytes } from "../../protocol/size.ts";
import { visible, visibleJson } from "../../protocol/visible.ts";
import { warn, warnOf } from "../console.ts";
import { OutputFailure } from "../output.ts";
import type { Replay } from "../replay/replay.ts";
import type { ViewOptions } from "./show-options.ts";
import { Sink } from "./sink.ts";
import { WaitingNote } from "./waiting-note.ts";

/** The items of a run to show: its events, with output also as raw bytes. */
export type Shown = OutputBytes | Received<ShownEvent>;
export type ShownEvent = RunEvent | FrameEvent;

/** The part of a run's outcome that the command line needs. */
export interface Ending {
  readonly status: number;
  readonly problem: ProblemDetails | undefined;
}

/** Shows a run's events: its output byte for byte on the same streams, everything else on stderr. */
export class View {
  readonly #options: ViewOptions;
  readonly #stdout = new Sink("stdout");
  readonly #stderr = new Sink("stderr");
  readonly #waiting = new WaitingNote();
  #replay: Replay | undefined;
  #problem: ProblemDetails | undefined;
  #lost = 0;

  /** `replay`: for a run whose output, or the beginning of it, comes from the record. */
  constructor(options: ViewOptions, replay?: Replay) {
    this.#options = options;
    this.#replay = replay;
  }

  async show(frame: Shown): Promise<void> {
    if (!("event" in frame)) {
      await this.#output(frame);
      return;
    }
    const { id, event } = frame;
    if (event.type === "error") this.#problem = event.problem;
    if (event.type === "gap") this.#lost += event.to - event.from;
    if (this.#options.json) await this.#stdout.write(`${visibleJson(JSON.stringify({ id, ...event }))}\n`);
    else await this.#text(event);
  }

  /** Leaves the terminal as it was before what was replayed on it. */
  async leave(): Promise<void> {
    for (const { stream, bytes } of this.#replay?.end() ?? []) await this.#write(stream, bytes);
  }

  /**
   * Handles `complete`. Lost output is a failure, whatever the command's exit status. Explains a failure unless an
   * unknown host key caused it, which the caller may still trust, or the events are printed as JSON.
   */
  async end(event: CompleteEvent): Promise<Ending> {
    this.#waiting.stop();
    await this.leave();
    const status = exitStatusOf(event);
    const isWhole = this.#lost === 0 && this.#stderr.failure?.readerGone !== false;
    const ending = { status: isWhole ? status : notRunStatus, problem: this.#problem };
    if (this.#options.json) return ending;
    if (this.#lost > 0) {
      warn(
        `${formatBytes(this.#lost)} of output lost: it could not be recorded (is the disk full? see \`hostrun logs\`), or it ` +
          "exceeded the record limit before it was read here (see --record-limit).",
      );
    }
    if (this.#problem?.code !== "host_key_unknown") explain(ending, event);
    return ending;
  }

  async #output(output: OutputBytes): Promise<void> {
    this.#waiting.stop();
    await this.#write(output.stream, this.#replay?.take(output) ?? output.bytes);
  }

  async #write(stream: OutputStream, bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    if (stream === "stdout") await this.#stdout.write(bytes);
    // The command continues without a reader of its stderr, as with ssh.
    else if (this.#stderr.failure === undefined) await this.#stderr.write(bytes).catch(passOutputFailure);
  }

  /** Most runs are not answered from the cache, and start faster without loading that module. */
  async #isFromRecord(): Promise<void> {
    const { Replay } = await import("../replay/replay.ts");
    this.#replay = new Replay();
  }

  async #text(event: ShownEvent): Promise<void> {
    if (event.type === "output") {
      const { stream, data, encoding = "utf8", timestamp } = event;
      await this.#output({ stream, bytes: Buffer.from(data, encoding), timestamp });
    } else if (event.type === "gap") {
      if (!this.#options.quiet) warn(gapText(event));
    } else if (event.type === "status") await this.#status(event);
  }

  /** A person is told that nothing ran; to others the output is what was asked for. */
  async #status(event: Extract<ShownEvent, { type: "status" }>): Promise<void> {
    const { banner, cached, message } = event;
    const { verbose, quiet } = this.#options;
    if (cached) await this.#isFromRecord();
    // Asked of a cached result only: the stream takes time to be made.
    const isTold = cached && (verbose || (!quiet && process.stderr.isTTY));
    if (isTold) warn(`${message}; \`hostrun run --no-cache\` runs it again.`);
    else if (verbose) warn(message);
    else if (!quiet) this.#waiting.status(event);
    if (banner !== undefined && !quiet) printBanner(banner);
  }
}

/** Prints the banner on standard error, as ssh does; but none of its lines may look like one of Hostrun's own. */
function printBanner(banner: string): void {
  const lines = banner.split("\n").map((line) => visible(line).replace(/^\s*hostrun:/i, "| $&"));
  process.stderr.write(`${lines.join("\n")}\n`);
}

function passOutputFailure(failure: unknown): void {
  if (!(failure instanceof OutputFailure)) throw failure;
}

/** Explains why a run has no exit status of its own. */
function explain({ status, problem }: Ending, event: CompleteEvent): void {
  const maybeAlive =
    event.stopConfirmed === false ? " The host did not confirm it: it may still run there." : "";
  if (problem !== undefined) warnOf({ message: problem.detail + maybeAlive, members: problem });
  else if (event.outcome === "timedOut")
    warn(`The command was stopped: it took longer than its timeout.${maybeAlive}`);
  else if (event.outcome === "cancelled") warn(`The run was cancelled.${maybeAlive}`);
  else if (event.outcome === "unknown") {
    warn("Unknown: connection lost. The command may still be running on the host.");
  } else if (status !== notRunStatus) return;
  else if (event.outcome === "failed") warn("The command could not be run.");
  else if (event.outcome === "signaled")
    warn(`A signal ended the command; its number is not known (the host said ${event.signal ?? "nothing"}).`);
}

function gapText({ stream, from, to }: GapEvent): string {
  return `${formatBytes(to - from)} of ${stream} not recorded: bytes ${from} to ${to}.`;
}
