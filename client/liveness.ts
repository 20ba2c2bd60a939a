import { readFileSync } from "node:fs";
import { errorCode } from "../state-directory/error-code.ts";

/**
 * Whether a process still runs. One that has ended but was not collected by its parent, as in containers whose
 * first process collects nobody, does not (proc(5), state Z).
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
    // Not Linux, or it has ended just now; the next look tells.
    return true;
  }
}
