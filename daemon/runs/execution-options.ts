import type { HostWorker } from "../../protocol/host.ts";
import type { RunRequest } from "../../protocol/run.ts";
import type { Questioner } from "../transport/questioner.ts";
import type { Target } from "../transport/remote.ts";
import type { SudoAccess } from "./sudo/sudo-gates.ts";

export interface ExecutionOptions {
  readonly request: RunRequest;
  readonly target: Target;
  readonly loginShell: boolean;
  /** Of the host. */
  readonly worker: HostWorker;
  /** When the run was asked for, by the clock's `elapsed`. */
  readonly askedAt: number;
  /** Which the server may leave. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly questioner: Questioner | undefined;
  /** Where the password is from that sudo may ask for. */
  readonly sudo: SudoAccess;
}
