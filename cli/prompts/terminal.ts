import { closeSync, openSync } from "node:fs";

/** Whether a person can be asked on a terminal. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false;
  }
}
