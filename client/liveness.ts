import { readFileSync } from "node:fs";
import { errorCode } from "../state-directory/error-code.ts";

/**
 * Whether a process is still running. A zombie, which has ended but was not reaped by its parent, as in containers
 * whose init does not reap, is not (proc(5), state Z).
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    // Not Linux, or it has just ended, which the next check will find.
    return true;
  }
}
