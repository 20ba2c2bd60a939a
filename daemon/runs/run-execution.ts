import type { Writable } from "node:stream";
import { internalProblem } from "../../protocol/internal-problem.ts";
import { Problem } from "../../protocol/problem.ts";
import type { TerminalSize } from "../../protocol/run.ts";
import type { LiveRun } from "./record/live-run.ts";
import type { StopController } from "./terminate/stop-controller.ts";
import type { BannerSource, Hop, Remote, RemoteProcess, Target } from "../transport/remote.ts";

/** One run on its way through the host: from the connection to its ending. */
export interface RunExecution {
  readonly live: LiveRun;
  /** Whether the run goes on without this daemon and is found again by the next one. */
  readonly outlivesDaemon: boolean;
  /** Resolves when nothing more is done for the run. Never rejects: what fails is told in the run. */
  run(remote: Remote): Promise<void>;
  /** Ends the command; before it has begun, at once. */
  readonly stops: StopController;
  /** Why the run is not this daemon's to cancel. */
  readonly cancelRefusal?: Problem | undefined;
  /** Where the command's standard input is written, once it runs; undefined when it is not open. */
  stdin(): Promise<Writable | undefined>;
  /** Tells the command the new size of its terminal, once it runs; false: it has none. */
  resize(size: TerminalSize): boolean;
}

export function connectingMessage({ name, user, address, port }: Target): string {
  return `Connecting to ${name} (${user}@${address}:${port})`;
}

/** Tells of what a person is shown before the login. */
export function showBanner(live: LiveRun, banner: string, { name }: Hop, from: BannerSource): void {
  const message = from === "server" ? `${name} shows a banner` : `Touch the security key for ${name}`;
  if (live.run.state === "connecting") live.status("connecting", message, {}, { banner });
}

/** What a run's status says when its command runs. */
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
