import type * as vscode from "vscode";
import type { OutputOptions } from "../../client/run-bytes.ts";
import type { RunBytesEvent, RunToStart } from "../../client/run-events.ts";
import type { Answer, CallableName, CallArguments } from "../../client/request.ts";
import type { Api } from "../../protocol/api.ts";
import type { Change } from "../../protocol/change.ts";
import type { JobEvent } from "../../protocol/job-event.ts";
import type { Run } from "../../protocol/run.ts";

/**
 * The daemon as seen by the rest of the extension. Every call finds or starts the daemon first, and rejects with a
 * Problem if that fails.
 */
export interface Daemon {
  /** What changed; after `reset` the lists must be reloaded. */
  readonly onDidChange: vscode.Event<Change>;
  /** The daemon is gone; the state of connections is unknown until the next `reset`. */
  readonly onDidGoAway: vscode.Event<void>;
  call<Name extends CallableName>(name: Name, ...input: CallArguments<Name>): Promise<Answer<Api[Name]>>;
  /** Starts a run. Its events, which are the response, are kept for a few seconds for the part that will show it. */
  startRun(run: RunToStart): Promise<Run>;
  /** A run's events from the first to `complete`, resumed if the connection is lost. Ends early with the signal. */
  runEvents(run: string, signal: AbortSignal): AsyncIterable<RunBytesEvent>;
  /** The events of all runs of a job, up to `jobComplete`, in the same way. */
  jobEvents(job: string, signal: AbortSignal): AsyncIterable<JobEvent>;
  /** Recorded bytes; break out of the loop to stop early. */
  openOutput(
    run: string,
    stream: "stdout" | "stderr" | "both",
    options?: OutputOptions,
  ): Promise<AsyncIterable<Buffer>>;
}
