import type { Writable } from "node:stream";
import { internalProblem } from "../../protocol/internal-problem.ts";
import { Problem } from "../../protocol/problem.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import type { LiveRun } from "./record/live-run.ts";
import type { StopController } from "./terminate/stop-controller.ts";
import type { BannerSource, Hop, Remote, RemoteProcess, Target } from "../transport/remote.ts";

/** Carries one run through, from the connection to its ending. */
export interface RunExecution {
  readonly live: LiveRun;
  /** Whether the command keeps running without this daemon and is found again by the next one. */
  readonly outlivesDaemon: boolean;
  /** Resolves when all work for the run is done. Never rejects: failures are reported in the run. */
  run(remote: Remote): Promise<void>;
  /** Ends the command; before it has begun, immediately. */
  readonly stops: StopController;
  /** Why this daemon may not cancel the run. */
  readonly cancelRefusal?: Problem | undefined;
  /** The command's standard input, once it runs; undefined when it is not open. */
  stdin(): Promise<Writable | undefined>;
  /** Changes the size of the command's terminal, once it runs; returns false if it has none. */
  resize(size: TerminalSize): boolean;
}

export function connectingMessage({ name, user, address, port }: Target): string {
  return `Connecting to ${name} (${user}@${address}:${port})`;
}

/** Reports a banner that is shown before login. */
export function showBanner(live: LiveRun, banner: string, { name }: Hop, from: BannerSource): void {
  const message = from === "server" ? `${name} shows a banner` : `Touch the security key for ${name}`;
  if (live.run.state === "connecting") live.status("connecting", message, {}, { banner });
}

/** The status message of a run whose command is running. */
export function connectedMessage(
  { name }: Target,
  {
    reused,
    connectMs,
    connection,
    worker,
  }: Pick<RemoteProcess, "reused" | "connectMs" | "worker"> & Partial<Pick<RemoteProcess, "connection">>,
): string {
  if (worker !== undefined) return `Connected to ${name} by a worker, without a login shell`;
  const by = connection?.transport === "openssh" ? "by OpenSSH " : "";
  if (reused) return `Connected to ${name} ${by}over a warm connection`;
  const reason = connection?.transportReason ?? null;
  const why = reason === null ? "" : `: ${reason}`;
  return `Connected to ${name} ${by}in ${Math.round(connectMs)} ms${why}`;
}

export function asProblem(failure: unknown): Problem {
  if (failure instanceof Problem) return failure;
  return internalProblem({ what: "the command was not started", cause: failure });
}
