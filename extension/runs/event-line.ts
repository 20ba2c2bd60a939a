import type { RunBytesEvent } from "../../client/run-events.ts";
import { formatCount } from "../../protocol/count.ts";
import type { OutputStream } from "../../protocol/event.ts";
import type { Run } from "../../protocol/run.ts";

/**
 * An event as a line of a debug log; undefined for output of a stream that is in `loggedStreams`, to which the first output
 * adds it. Debug logs are for bug reports and stay in English, like all logs.
 */
export function eventLine(event: RunBytesEvent, loggedStreams: Set<OutputStream>): string | undefined {
  switch (event.type) {
    case "init":
      return `Run ${event.runId} on ${event.run.host.name} (${event.run.host.address}), recorded as ${event.run.state}`;
    case "status":
      return `${event.state}: ${event.message}`;
    case "output": {
      if (loggedStreams.has(event.stream)) return undefined;
      loggedStreams.add(event.stream);
      return `First output on ${event.stream}`;
    }
    case "gap":
      return `No longer recorded: ${formatCount(event.to - event.from, "byte")} of ${event.stream}`;
    case "prompt":
      return `Asked: ${event.prompt.title}`;
    case "promptClosed":
      return `The question was ${event.outcome}`;
    case "error":
      return `${event.problem.code}: ${event.problem.detail}`;
    case "complete": {
      const end = [event.outcome, event.exitCode ?? event.signal].filter((part) => part !== null).join(" ");
      const loss =
        event.truncatedBytes > 0 ? `, ${formatCount(event.truncatedBytes, "byte")} not recorded` : "";
      return `${end}: ${formatCount(event.stdoutBytes, "byte")} on stdout, ${event.stderrBytes} on stderr${loss}`;
    }
  }
}

/** A run's connection, if it had one, and timings: "warm connection, queueMs 0.1, totalMs 12.0". */
export function measuredLine({
  reusedConnection,
  timings,
}: Pick<Run, "reusedConnection" | "timings">): string {
  const measured = Object.entries(timings).flatMap(([name, ms]) =>
    ms === null || ms === undefined ? [] : [`${name} ${ms.toFixed(1)}`],
  );
  const opened = timings.connectMs === null ? [] : ["new connection"];
  return [...(reusedConnection ? ["warm connection"] : opened), ...measured].join(", ");
}
