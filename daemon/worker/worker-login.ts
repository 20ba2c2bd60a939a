import type { ConnectOptions, ExecRequest, RemoteListener, Target } from "../transport/remote.ts";
import type { Worker } from "./worker.ts";

/** An account, together with one way to log in to it. */
export interface WorkerLogin {
  readonly target: Target;
  readonly options: ConnectOptions & Required<Pick<ExecRequest, "env">>;
  /** The identity of the measured connection; see `Remote.identity`. */
  identity: string;
  /** The number of consecutive commands for which the login shell started slowly. */
  slow: number;
  /** The path of its login shell, once queried. */
  shell: string | undefined;
  state: "open" | "starting" | "refused";
  /** How many starts timed out. */
  late: number;
  /** How many were refused in a row, and when the next may be tried, in milliseconds of the clock. */
  refusals: number;
  openAt: number;
  readonly workers: Set<Worker>;
}

/** A command for a worker. */
export interface WorkerRequest {
  readonly text: string;
  /** Whether its standard input is empty. */
  readonly inputEnds: boolean;
  /** See `ExecRequest`. */
  readonly onTextSent: (mayRun: boolean) => void;
  /** See `ConnectOptions`. */
  readonly askedAt: number | undefined;
  readonly listener: RemoteListener;
  readonly signal: AbortSignal;
}
