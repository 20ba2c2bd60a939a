import type { RunEvent } from "../../protocol/event.ts";
import type { ToPanel } from "../../protocol/panel.ts";
import type { Problem, ProblemDetails } from "../../protocol/problem.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";
import type { OutputFlow } from "./output-flow.ts";

/** What the feed of one run is shown by. */
export interface RunScreen {
  readonly flow: OutputFlow;
  post(message: ToPanel): void;
  /** The message that begins the panel anew with this run. */
  show(run: Run): ToPanel;
  /** How the connection of an ended run was. */
  connection(run: Run): string | null;
  failed(problem: ProblemDetails): void;
}

/**
 * Replays a run into a screen from its first event, and follows it to its end. Takes no more from the daemon
 * while the screen is behind. Rejects with a Problem, or with the signal's reason.
 */
export async function feedRun(
  daemon: Daemon,
  runId: string,
  screen: RunScreen,
  signal: AbortSignal,
): Promise<void> {
  const heard = new Set<string>();
  for await (const event of daemon.runEvents(runId, signal)) {
    signal.throwIfAborted();
    if (event.type === "output") {
      if (!heard.has(event.stream)) {
        heard.add(event.stream);
        log(screen, event, `First output on ${event.stream}`);
      }
      const encoding = event.encoding === undefined ? {} : { encoding: event.encoding };
      await screen.flow.push({ stream: event.stream, data: event.data, ...encoding });
    } else {
      // What was written before comes first.
      screen.flow.flush();
      await showEvent(daemon, event, screen, signal);
    }
  }
}

type Happening = Exclude<RunEvent, { type: "output" }>;

async function showEvent(
  daemon: Daemon,
  event: Happening,
  screen: RunScreen,
  signal: AbortSignal,
): Promise<void> {
  switch (event.type) {
    case "init":
      screen.post(screen.show(event.run));
      log(screen, event, `Run ${event.runId} on ${event.run.host.name} (${event.run.host.address})`);
      return;
    case "status":
      screen.post({ type: "status", state: event.state, message: event.message, detail: null });
      log(screen, event, `${event.state}: ${event.message}`);
      return;
    case "gap": {
      const bytes = event.to - event.from;
      screen.post({ type: "gap", stream: event.stream, bytes });
      log(screen, event, `${bytes} bytes of ${event.stream} are no longer recorded`);
      return;
    }
    case "error":
      screen.post({ type: "problem", problem: event.problem });
      log(screen, event, `${event.problem.code}: ${event.problem.detail}`);
      screen.failed(event.problem);
      return;
    case "complete": {
      // Only the run itself holds what was measured; without it the ending is shown all the same.
      const run = await daemon
        .call("getRun", { params: { run: event.runId }, signal })
        .catch(() => undefined);
      const detail = run === undefined ? null : screen.connection(run);
      const { outcome, exitCode, signal: endSignal, durationMs } = event;
      screen.post({ type: "complete", outcome, exitCode, signal: endSignal, durationMs, detail });
      log(screen, event, endLine(event));
      if (run !== undefined) log(screen, event, timingsLine(run));
    }
  }
}

/** The debug log is for reports of faults and stays in English, as every log. */
function log(screen: RunScreen, { timestamp }: { timestamp: string }, message: string): void {
  screen.post({ type: "log", at: timestamp, message });
}

function endLine(event: Extract<RunEvent, { type: "complete" }>): string {
  const end = event.exitCode ?? event.signal ?? "";
  const loss = event.truncatedBytes > 0 ? `, ${event.truncatedBytes} bytes not recorded` : "";
  return `${event.outcome} ${end}: ${event.stdoutBytes} bytes on stdout, ${event.stderrBytes} on stderr${loss}`;
}

function timingsLine(run: Run): string {
  const figures = Object.entries(run.timings)
    .filter(([, ms]) => ms !== null)
    .map(([name, ms]) => `${name} ${ms}`);
  return `${run.reusedConnection ? "warm connection" : "new connection"}; ${figures.join(", ")}`;
}

/** The problem that ends a feed, as the panel shows it. */
export function feedProblem(problem: Problem): ToPanel {
  return { type: "problem", problem: problem.toJSON() };
}
