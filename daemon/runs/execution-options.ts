import type { HostWorker } from "../../protocol/host.ts";
import type { RunRequest } from "../../protocol/run.ts";
import type { Questioner } from "../transport/questioner.ts";
import type { Target } from "../transport/remote.ts";
import type { SudoAccess } from "./sudo/sudo-gates.ts";

export interface ExecutionOptions {
  readonly request: RunRequest;
  readonly target: Target;
  readonly loginShell: boolean;
  /** The host's setting. */
  readonly worker: HostWorker;
  /** When the run was requested, as returned by the clock's `elapsed`. */
  readonly askedAt: number;
  /** From the host's SSH configuration; the server may ignore it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly questioner: Questioner | undefined;
  /** Where the password comes from if sudo asks for it. */
  readonly sudo: SudoAccess;
}
