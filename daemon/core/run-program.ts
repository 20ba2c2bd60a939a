import { type ChildProcess, spawn } from "node:child_process";
import { errorCode } from "../../state-directory/error-code.ts";

export interface ProgramRequest {
  /** A name without a slash is looked up in the PATH of `env`. No shell interprets the arguments. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Limit of standard output. The first 4 KiB of standard error are kept. */
  readonly maxBytes: number;
  /** Standard input; empty by default. */
  readonly input?: string | Buffer;
  /** Ends it together with everything that it started, instead of only the process itself. */
  readonly endGroup?: EndGroup;
}

/** Kills the process group led by a process. Does nothing if it is gone. */
export type EndGroup = (pid: number) => void;

export type ProgramResult =
  | { readonly kind: "exited"; readonly code: number; readonly stdout: Buffer; readonly stderr: string }
  /** `why` is a clause: "it took longer than 5 s". `missing`: there is no such program. */
  | { readonly kind: "failed"; readonly why: string; readonly missing?: true };

const maxErrorBytes = 4096;

/**
 * Runs a program on this machine to its end, or kills it if it takes too long or prints too much. It has a session of its
 * own and so no terminal: a prompt reads standard input. Never rejects.
 */
export function runProgram(request: ProgramRequest): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let child: ChildProcess;
    const env = Object.fromEntries(Object.entries(request.env).filter(([, value]) => value !== undefined));
    try {
      child = spawn(request.file, [...request.args], {
        env,
        stdio: "pipe",
        windowsHide: true,
        detached: true,
      });
    } catch (failure) {
      resolve(notStarted(failure));
      return;
    }
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const settle = (result: ProgramResult): void => {
      clearTimeout(timer);
      if (result.kind === "failed" && child.pid !== undefined) request.endGroup?.(child.pid);
      child.kill("SIGKILL");
      // Processes that the program started may hold these open.
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => {
      settle({ kind: "failed", why: `it took longer than ${request.timeoutMs / 1000} s` });
    }, request.timeoutMs);
    collect(child.stdout, stdout, (size) => {
      if (size > request.maxBytes)
        settle({ kind: "failed", why: `it printed more than ${request.maxBytes} bytes` });
      return size <= request.maxBytes;
    });
    collect(child.stderr, stderr, (size) => size <= maxErrorBytes);
    child.on("error", (failure) => settle(notStarted(failure)));
    child.once("close", (code, signal) => {
      if (code === null) settle({ kind: "failed", why: `it was ended by ${signal ?? "a signal"}` });
      else {
        settle({
          kind: "exited",
          code,
          stdout: Buffer.concat(stdout),
          stderr: Buffer.concat(stderr).toString(),
        });
      }
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(request.input ?? "");
  });
}

function collect(
  stream: NodeJS.ReadableStream | null,
  chunks: Buffer[],
  keeps: (size: number) => boolean,
): void {
  let size = 0;
  stream?.on("error", () => undefined);
  stream?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (keeps(size)) chunks.push(chunk);
  });
}

function notStarted(failure: unknown): Extract<ProgramResult, { kind: "failed" }> {
  const code = errorCode(failure) ?? "an error";
  if (code === "ENOENT") return { kind: "failed", why: "there is no such program", missing: true };
  return { kind: "failed", why: `it could not be started (${code})` };
}
