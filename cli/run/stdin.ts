import { fstatSync, statSync } from "node:fs";
import { isatty } from "node:tty";
import type { Daemon } from "../../client/daemon.ts";
import { Problem } from "../../protocol/problem.ts";
import { warnOf } from "../console.ts";

/** Whether there is anything to pass on: not a terminal, which the person may need, and not /dev/null. */
export function hasStdin(): boolean {
  if (isatty(0)) return false;
  try {
    const own = fstatSync(0);
    return !(own.isCharacterDevice() && own.rdev === statSync("/dev/null").rdev);
  } catch {
    return false;
  }
}

/** Passes standard input on to a run, with its end, for as long as the command reads it. */
export async function passStdin(daemon: Daemon, run: string, signal: AbortSignal): Promise<void> {
  try {
    await daemon.writeStdin(run, process.stdin, { end: true, signal });
  } catch (error) {
    // A command that ends before it has read everything is an everyday thing: `head -1`.
    if (signal.aborted || (error instanceof Problem && isOver(error))) return;
    if (!(error instanceof Problem)) throw error;
    warnOf(error);
  }
}

function isOver({ code, members }: Problem): boolean {
  return code === "conflict" || (code === "daemon_unreachable" && members.reason === "cut");
}
