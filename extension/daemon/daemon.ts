import type { Readable } from "node:stream";
import type * as vscode from "vscode";
import type { OutputOptions } from "../../client/run-bytes.ts";
import type { RunBytesEvent, RunToStart } from "../../client/run-events.ts";
import type { Answer, CallableName, CallArguments } from "../../client/request.ts";
import type { Api } from "../../protocol/api.ts";
import type { Change } from "../../protocol/change.ts";
import type { JobEvent } from "../../protocol/job-event.ts";
import type { Run } from "../../protocol/run.ts";

/**
 * The daemon as the rest of the extension sees it. Whatever is asked of it finds or starts the daemon first, and
 * rejects with a Problem when that fails.
 */
export interface Daemon {
  /** What changed; `reset` means: read the lists again. */
  readonly onDidChange: vscode.Event<Change>;
  /** The daemon went away; nothing is known of connections until the next `reset`. */
  readonly onDidGoAway: vscode.Event<void>;
  call<Name extends CallableName>(name: Name, ...input: CallArguments<Name>): Promise<Answer<Api[Name]>>;
  /** Starts a run, and keeps its events, which are the answer, for whoever follows it within the next seconds. */
  startRun(run: RunToStart): Promise<Run>;
  /** A run's events from the first to `complete`, across cuts of the connection. Ends early with the signal. */
  runEvents(run: string, signal: AbortSignal): AsyncIterable<RunBytesEvent>;
  /** The events of all runs of a job, up to `jobComplete`, in the same way. */
  jobEvents(job: string, signal: AbortSignal): AsyncIterable<JobEvent>;
  /** Recorded bytes; destroy the stream to stop early. */
  openOutput(run: string, stream: "stdout" | "stderr" | "both", options?: OutputOptions): Promise<Readable>;
}
