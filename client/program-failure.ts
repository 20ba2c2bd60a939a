import type { ExecFileException } from "node:child_process";

/** Why a program that `execFile` ran failed, as a clause; for one that did not write a reason itself. */
export function programFailure(
  { code, killed, signal }: Pick<ExecFileException, "code" | "killed" | "signal">,
  timeoutMs: number,
): string {
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return "it printed more than 1 MiB";
  if (killed === true) return `it took longer than ${timeoutMs / 1000} s`;
  if (typeof code === "string") return `it could not be started (${code})`;
  if (typeof code === "number") return `it ended with status ${code}`;
  return `it was ended by ${signal ?? "a signal"}`;
}
