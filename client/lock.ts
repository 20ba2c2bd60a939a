import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { isAlive } from "./liveness.ts";
import { errorCode } from "./transport.ts";

/** A lock whose owner lives is still given up when it is older than this: the pid may be another's by now. */
const oldMs = 60_000;
/** A lock file is written in one go; an unreadable one this old was left by a crash in between. */
const halfWrittenMs = 2000;

/**
 * Takes the lock file `path`, or says that another process has it (undefined). A lock that was left by a dead
 * process is taken over. Disposing gives it back.
 */
export function takeLock(path: string): Disposable | undefined {
  const content = JSON.stringify({ pid: process.pid, at: Date.now(), nonce: randomUUID() });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(path, content, { flag: "wx", mode: 0o600 });
      return { [Symbol.dispose]: () => removeIf(path, content) };
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    const other = read(path);
    if (other !== undefined && !isLeft(path, other)) return undefined;
    if (other !== undefined) removeIf(path, other);
  }
  return undefined;
}

/**
 * Removes the lock only if it still holds `content`: it is moved aside first, so that of several processes that
 * found the same dead lock one removes it, and none removes the lock that another has just taken.
 */
function removeIf(path: string, content: string): void {
  if (read(path) !== content) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== content) linkSync(aside, path);
  } catch {
    // Someone else was faster; what is there now is theirs.
  }
  try {
    unlinkSync(aside);
  } catch {
    // It was never moved.
  }
}

function isLeft(path: string, content: string): boolean {
  const match = /^\{"pid":(\d{1,10}),"at":(\d{1,16}),/.exec(content);
  if (match === null) return ageMs(path) > halfWrittenMs;
  return Date.now() - Number(match[2]) > oldMs || !isAlive(Number(match[1]));
}

function ageMs(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? 0 : Date.now() - found.mtimeMs;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
