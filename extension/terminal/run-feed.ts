import type { RunEvent } from "../../protocol/event.ts";
import type { ToPanel } from "../../protocol/panel.ts";
import type { ProblemDetails } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { OutputFlow } from "./output-flow.ts";

/** What the feed of one run is shown by. */
export interface RunScreen {
  readonly flow: OutputFlow;
  /** When the newest output was written, as ISO 8601. */
  writtenAt: string;
  post(message: ToPanel): void;
  /** Begins the panel anew with a run as it is now. */
  show(run: Run): void;
  /** How the connection of an ended run was. */
  connection(run: Run): string | null;
  failed(problem: ProblemDetails): void;
}

/**
 * Replays a run into a screen from its first event, and follows it to its end. Takes no more from the daemon
 * while the screen is behind. A run that was started just now is shown as it is, and not asked for. Rejects with a
 * Problem, or with the signal's reason.
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

type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

class RunFeed {
  readonly #daemon: Daemon;
  readonly #screen: RunScreen;
  readonly #signal: AbortSignal;
  readonly #heard = new Set<string>();
  #hostName = "";
  /** What was told last of how the run stands. */
  #standing: EventOf<"status"> | undefined;

  constructor(daemon: Daemon, screen: RunScreen, signal: AbortSignal) {
    this.#daemon = daemon;
    this.#screen = screen;
    this.#signal = signal;
  }

  async take(event: RunEvent): Promise<void> {
    if (event.type === "output") {
      await this.#output(event);
      return;
    }
    // What was written before comes first.
    this.#screen.flow.flush();
    switch (event.type) {
      case "init":
        this.#hostName = event.run.host.name;
        this.#log(event, `Run ${event.runId} on ${event.run.host.name} (${event.run.host.address})`);
        return;
      case "status":
        this.#status(event);
        return;
      case "gap": {
        const bytes = event.to - event.from;
        this.#screen.post({ type: "gap", stream: event.stream, bytes });
        this.#log(event, `${bytes} bytes of ${event.stream} are no longer recorded`);
        return;
      }
      case "prompt":
        this.#log(event, `Asked: ${event.prompt.title}`);
        return;
      case "promptClosed":
        this.#log(event, `The question was ${event.outcome}`);
        return;
      case "error":
        this.#screen.post({ type: "problem", problem: event.problem });
        this.#log(event, `${event.problem.code}: ${event.problem.detail}`);
        this.#screen.failed(event.problem);
        return;
      case "complete":
        return this.#complete(event);
    }
  }

  async #output(event: EventOf<"output">): Promise<void> {
    if (!this.#heard.has(event.stream)) {
      this.#heard.add(event.stream);
      this.#log(event, `First output on ${event.stream}`);
    }
    this.#screen.writtenAt = event.timestamp;
    const encoding = event.encoding === undefined ? {} : { encoding: event.encoding };
    await this.#screen.flow.push({ stream: event.stream, data: event.data, ...encoding });
  }

  #status(event: EventOf<"status">): void {
    const { state, message, reconnecting } = event;
    this.#log(event, `${state}: ${message}`);
    this.#standing = event;
    this.#screen.post({
      type: "status",
      state,
      message,
      detail: null,
      ...(reconnecting && { reconnecting }),
    });
    if (state === "running" && !reconnecting) void this.#tellTransport(event);
  }

  /** Output does not wait for it. */
  async #tellTransport(event: EventOf<"status">): Promise<void> {
    const { state, message, timestamp } = event;
    const transport = await this.#transport(timestamp);
    // The run may stand otherwise by now.
    if (transport === undefined || this.#standing !== event) return;
    this.#screen.post({ type: "status", state, message, detail: null, transport });
  }

  /** Cipher and kind of host key, where the connection of that time is still there. */
  async #transport(at: string): Promise<string | undefined> {
    const list = await this.#daemon.call("listConnections", { signal: this.#signal }).catch(() => undefined);
    const connection = list?.items.find(({ host }) => host === this.#hostName);
    if (connection === undefined || (connection.openedAt ?? at) > at) return undefined;
    // "aes128-gcm@openssh.com" and "ssh-ed25519" say no more than their middle.
    const parts = [connection.cipher?.replace(/@.*/, ""), connection.hostKeyType?.replace(/^ssh-/, "")];
    const known = parts.filter((part) => part !== undefined);
    return known.length === 0 ? undefined : known.join(" · ");
  }

  async #complete(event: EventOf<"complete">): Promise<void> {
    // Only the run itself holds what was measured; without it the ending is shown all the same.
    const input = { params: { run: event.runId }, signal: this.#signal };
    const run = await this.#daemon.call("getRun", input).catch(() => undefined);
    const detail = run === undefined ? null : this.#screen.connection(run);
    const { outcome, exitCode, signal, durationMs } = event;
    this.#screen.post({ type: "complete", outcome, exitCode, signal, durationMs, detail });
    this.#log(event, endLine(event));
    if (run !== undefined) this.#log(event, timingsLine(run));
  }

  /** The debug log is for reports of faults and stays in English, as every log. */
  #log({ timestamp }: { timestamp: string }, message: string): void {
    this.#screen.post({ type: "log", at: timestamp, message });
  }
}

function endLine(event: EventOf<"complete">): string {
  const end = event.exitCode ?? event.signal ?? "";
  const loss = event.truncatedBytes > 0 ? `, ${event.truncatedBytes} bytes not recorded` : "";
  return `${event.outcome} ${end}: ${event.stdoutBytes} bytes on stdout, ${event.stderrBytes} on stderr${loss}`;
}

function timingsLine(run: Run): string {
  const figures = Object.entries(run.timings).flatMap(([name, ms]) =>
    ms === null ? [] : [`${name} ${ms.toFixed(1)}`],
  );
  return `${run.reusedConnection ? "warm connection" : "new connection"}; ${figures.join(", ")}`;
}
