import { closeSync, openSync } from "node:fs";

/** Whether there is a terminal to ask a person on. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false;
  }
}
