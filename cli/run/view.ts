import type { Received } from "../../client/events.ts";
import { exitStatusOf, notRunStatus } from "../../client/exit-status.ts";
import type { OutputBytes } from "../../client/run-frames.ts";
import type { CompleteEvent, GapEvent, RunEvent } from "../../protocol/event.ts";
import type { FrameEvent } from "../../protocol/frame-event.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";
import { formatBytes } from "../../protocol/size.ts";
import { visible, visibleJson } from "../../protocol/visible.ts";
import { warn, warnOf } from "../console.ts";
import { OutputFailure } from "../output.ts";
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
  #problem: ProblemDetails | undefined;
  #lost = 0;

  constructor(options: ViewOptions) {
    this.#options = options;
  }

  async show(frame: Shown): Promise<void> {
    if (!("event" in frame)) {
      await this.#output(frame);
      return;
    }
    const { event } = frame;
    if (event.type === "error") this.#problem = event.problem;
    if (event.type === "gap") this.#lost += event.to - event.from;
    if (this.#options.json) await this.#stdout.write(`${visibleJson(JSON.stringify(event))}\n`);
    else await this.#text(event);
  }

  /**
   * Handles `complete`. Lost output is a failure, whatever the command's exit status. Explains a failure unless an
   * unknown host key caused it, which the caller may still trust, or the events are printed as JSON.
   */
  end(event: CompleteEvent): Ending {
    this.#waiting.stop();
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

  async #output({ stream, bytes }: OutputBytes): Promise<void> {
    this.#waiting.stop();
    if (bytes.length === 0) return;
    if (stream === "stdout") await this.#stdout.write(bytes);
    // The command continues without a reader of its stderr, as with ssh.
    else if (this.#stderr.failure === undefined) await this.#stderr.write(bytes).catch(passOutputFailure);
  }

  async #text(event: ShownEvent): Promise<void> {
    if (event.type === "output") {
      await this.#output({ stream: event.stream, bytes: Buffer.from(event.data, event.encoding ?? "utf8") });
    } else if (event.type === "gap") {
      if (!this.#options.quiet) warn(gapText(event));
    } else if (event.type === "status") {
      const { banner, message } = event;
      if (this.#options.verbose) warn(message);
      else if (!this.#options.quiet) this.#waiting.status(event);
      if (banner !== undefined && !this.#options.quiet) printBanner(banner);
    }
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
