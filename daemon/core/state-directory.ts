import { chmodSync, statfsSync, statSync } from "node:fs";
import { checkContents } from "../../state-directory/contents.ts";
import { cannotUse } from "../../state-directory/file-problem.ts";
import { giveUpReserve } from "../../state-directory/reserve.ts";
import { makeStateDirectory } from "../../state-directory/trusted-directory.ts";

/**
 * Creates the state directory with mode 0700, or checks the existing one and its content: whatever somebody else could
 * have planted is refused (`forbidden`) before anything is read or written. If others could only read the directory,
 * their access is removed.
 */
export function prepareStateDirectory(path: string): void {
  makeStateDirectory(path);
  close(path);
  checkContents(path);
}

/** More than a daemon writes to start. */
const neededBytes = 256 * 1024;

/** Gives up the space reserved for deletions if the disk has too little to start. */
export function makeRoomToStart(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize < neededBytes) giveUpReserve(path);
}

function close(path: string): void {
  if ((statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o700);
  } catch (cause) {
    throw cannotUse(`The state directory ${path} cannot be closed to other users`, cause);
  }
}
