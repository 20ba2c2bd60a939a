import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../protocol/problem.ts";
import { errorCode } from "./error-code.ts";
import { checkOwn } from "./own-file.ts";

/**
 * Writes a file of the state directory atomically, with mode 0600. Synchronous, so that nothing else in this process
 * can interleave. Throws `forbidden` if the file to replace is not the user's own; `storage_full` if there is no room.
 */
export function writeFileAtomically(path: string, text: string): void {
  checkOwn(path, "file");
  const draft = draftOf(path);
  try {
    const file = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    if (errorCode(cause) !== "ENOSPC") throw cause;
    throw new Problem("storage_full", `The disk of ${path} is full. Make room, then try again.`, { cause });
  }
}

/** A name next to `path` that is not in use. */
export function draftOf(path: string): string {
  return `${path}.${randomBytes(8).toString("hex")}.new`;
}

/** Removes the drafts left by a killed daemon; requires the instance lock. */
export function removeDrafts(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (/\.[0-9a-f]{16}\.new$/.test(name)) rmSync(join(directory, name), { force: true });
  }
}
