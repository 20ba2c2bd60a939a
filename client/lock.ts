import { randomUUID } from "node:crypto";
import { closeSync, openSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Problem } from "../protocol/problem.ts";
import { errorCode } from "../state-directory/error-code.ts";
import { cannotUse, isFull } from "../state-directory/file-problem.ts";
import { readOwnFile } from "../state-directory/own-file.ts";
import { giveUpReserve } from "../state-directory/reserve.ts";
import { isAlive } from "./liveness.ts";

/** A lock older than this is released even if its owner is alive: the pid may have been reused. */
const oldMs = 120_000;
/** A lock file is written at once; an unreadable one this old was left by a crash during the write. */
const halfWrittenMs = 2000;

/**
 * Takes the lock file `path`; returns undefined if another process holds it. A lock left by a dead process is taken
 * over. Disposing releases it. Throws `forbidden` if the existing file is not this user's own, or nothing can be
 * written there.
 */
export function takeLock(path: string): Disposable | undefined {
  const content = JSON.stringify({ pid: process.pid, at: Date.now(), nonce: randomUUID() });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (createOnAnyDisk(path, content)) return { [Symbol.dispose]: () => removeIf(path, content) };
    const other = read(path);
    if (other !== undefined && !isLeft(path, other)) return undefined;
    if (other !== undefined) removeIf(path, other);
  }
  return undefined;
}

/** Like `create`; on a full disk it uses the reserved space, which the daemon needs next. */
function createOnAnyDisk(path: string, content: string): boolean {
  try {
    return create(path, content);
  } catch (failure) {
    if (isFull(errorCode(failure) ?? "")) giveUpReserve(dirname(path));
  }
  try {
    return create(path, content);
  } catch (cause) {
    throw cannotUse(`The lock ${path} cannot be written`, cause);
  }
}

/** Returns false if the file already exists. */
function create(path: string, content: string): boolean {
  try {
    const file = openSync(path, "wx", 0o600);
    try {
      writeFileSync(file, content);
    } catch (failure) {
      unlinkSync(path);
      throw failure;
    } finally {
      closeSync(file);
    }
    return true;
  } catch (cause) {
    if (errorCode(cause) === "EEXIST") return false;
    throw cause;
  }
}

/**
 * Removes the lock only if it still contains `content`: it is renamed first, so that of several processes that found
 * the same dead lock only one removes it, and none removes a lock that another has just taken.
 */
function removeIf(path: string, content: string): void {
  if (read(path) !== content) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    const taken = read(aside);
    if (taken !== undefined && taken !== content) create(path, taken);
  } catch {
    // Another process was faster; the file there now is its own.
  }
  try {
    unlinkSync(aside);
  } catch {
    // It was never renamed.
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
    return readOwnFile(path);
  } catch (failure) {
    if (failure instanceof Problem) throw failure;
    return undefined;
  }
}
