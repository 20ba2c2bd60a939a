import type { ConnectOptions, ExecRequest, RemoteListener, Target } from "../transport/remote.ts";
import type { Worker } from "./worker.ts";

/** An account that is logged in to in one way. */
export interface WorkerLogin {
  readonly target: Target;
  readonly options: ConnectOptions & Required<Pick<ExecRequest, "env">>;
  /** Of the connection that it was measured on; see `Remote.identity`. */
  identity: string;
  /** Commands in a row before which the login shell took long. */
  slow: number;
  /** The path of its login shell, once it was asked for. */
  shell: string | undefined;
  state: "open" | "starting" | "refused";
  /** How many starts came to no end in time. */
  late: number;
  /** How many were refused in a row, and when the next may be tried, in milliseconds of the clock. */
  refusals: number;
  openAt: number;
  readonly workers: Set<Worker>;
}

/** A command for a worker. */
export interface WorkerRequest {
  readonly text: string;
  /** See `ConnectOptions`. */
  readonly askedAt: number | undefined;
  readonly listener: RemoteListener;
  readonly signal: AbortSignal;
}
