import { isUtf8 } from "node:buffer";
import { setTimeout as wait } from "node:timers/promises";
import type { RunBytesEvent, RunOutput } from "../../client/run-events.ts";
import type { OutputStream } from "../../protocol/event.ts";
import type { ToPanel } from "../../protocol/panel.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { eventLine, measuredLine } from "../runs/event-line.ts";
import type { OutputFlow } from "./output-flow.ts";

/** By then the first output of most commands has arrived. */
const transportAfterMs = 100;

/** The screen that the feed of a run writes to. */
export interface RunScreen {
  readonly flow: OutputFlow;
  /** When the newest output was written, as ISO 8601. */
  writtenAt: string;
  post(message: ToPanel): void;
  /** Resets the panel for a run in its current state. */
  show(run: Run): void;
  /** Details of the connection of an ended run. */
  connection(run: Run): string | null;
  failed(problem: ProblemDetails): void;
}

/**
 * Replays a run into a screen from its first event, and follows it to its end. Reads no more from the daemon while the
 * screen is behind. A run that was just started is shown without requesting it. Rejects with a Problem, or with the
 * signal's reason.
 */
export async function feedRun(
  daemon: Daemon,
  run: string | Run,
  screen: RunScreen,
  signal: AbortSignal,
): Promise<void> {
  const feed = new RunFeed(daemon, screen, signal);
  const shown = typeof run === "string" ? await daemon.call("getRun", { params: { run }, signal }) : run;
  screen.show(shown);
  for await (const event of daemon.runEvents(shown.id, signal)) {
    signal.throwIfAborted();
    await feed.take(event);
  }
}

type EventOf<Type extends RunBytesEvent["type"]> = Extract<RunBytesEvent, { type: Type }>;

class RunFeed {
  readonly #daemon: Daemon;
  readonly #screen: RunScreen;
  readonly #signal: AbortSignal;
  readonly #loggedStreams = new Set<OutputStream>();
  #hostName = "";
  /** The last status that was reported. */
  #standing: EventOf<"status"> | undefined;

  constructor(daemon: Daemon, screen: RunScreen, signal: AbortSignal) {
    this.#daemon = daemon;
    this.#screen = screen;
    this.#signal = signal;
  }

  async take(event: RunBytesEvent): Promise<void> {
    if (event.type === "output") {
      await this.#output(event);
      return;
    }
    // Earlier output comes first.
    this.#screen.flow.flush();
    switch (event.type) {
      case "init":
        this.#hostName = event.run.host.name;
        this.#log(event);
        return;
      case "status":
        this.#status(event);
        return;
      case "gap": {
        this.#screen.post({ type: "gap", stream: event.stream, bytes: event.to - event.from });
        this.#log(event);
        return;
      }
      case "prompt":
      case "promptClosed":
        this.#log(event);
        return;
      case "error":
        this.#screen.post({ type: "problem", problem: event.problem });
        this.#log(event);
        this.#screen.failed(event.problem);
        return;
      case "complete":
        return this.#complete(event);
    }
  }

  async #output(event: RunOutput): Promise<void> {
    this.#log(event);
    this.#screen.writtenAt = event.timestamp;
    const { stream, bytes } = event;
    const chunk = isUtf8(bytes)
      ? { stream, data: bytes.toString() }
      : { stream, data: bytes.toString("base64"), encoding: "base64" as const };
    await this.#screen.flow.push(chunk);
  }

  #status(event: EventOf<"status">): void {
    const { state, message, reconnecting, stopping } = event;
    this.#log(event);
    this.#standing = event;
    this.#screen.post({
      type: "status",
      state,
      message,
      detail: null,
      ...(reconnecting && { reconnecting }),
      ...(stopping && { stopping }),
    });
    if (state === "running" && !reconnecting) void this.#showTransport(event);
  }

  /** Output is not delayed by it, nor by the request that it makes. */
  async #showTransport(event: EventOf<"status">): Promise<void> {
    const { state, message, timestamp } = event;
    await wait(transportAfterMs, undefined, { signal: this.#signal }).catch(() => undefined);
    const transport = await this.#transport(timestamp);
    // The status may have changed by now.
    if (transport === undefined || this.#standing !== event) return;
    this.#screen.post({ type: "status", state, message, detail: null, transport });
  }

  /** The cipher and the type of host key, if the connection of that time still exists. */
  async #transport(at: string): Promise<string | undefined> {
    const list = await this.#daemon.call("listConnections", { signal: this.#signal }).catch(() => undefined);
    const connection = list?.items.find(({ host }) => host === this.#hostName);
    if (connection === undefined || (connection.openedAt ?? at) > at) return undefined;
    // The rest of "aes128-gcm@openssh.com" and "ssh-ed25519" adds nothing.
    const parts = [connection.cipher?.replace(/@.*/, ""), connection.hostKeyType?.replace(/^ssh-/, "")];
    const known = parts.filter((part) => part !== undefined);
    return known.length === 0 ? undefined : known.join(" · ");
  }

  async #complete(event: EventOf<"complete">): Promise<void> {
    // Only the run itself contains the timings; without it the ending is shown anyway.
    const input = { params: { run: event.runId }, signal: this.#signal };
    const run = await this.#daemon.call("getRun", input).catch(() => undefined);
    const detail = run === undefined ? null : this.#screen.connection(run);
    const { outcome, exitCode, signal, durationMs } = event;
    this.#screen.post({ type: "complete", outcome, exitCode, signal, durationMs, detail });
    this.#log(event);
    if (run === undefined) return;
    this.#screen.post({ type: "log", at: event.timestamp, message: measuredLine(run) });
  }

  #log(event: RunBytesEvent): void {
    const message = eventLine(event, this.#loggedStreams);
    if (message !== undefined) this.#screen.post({ type: "log", at: event.timestamp, message });
  }
}
