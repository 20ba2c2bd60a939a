import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { Problem } from "../../protocol/problem.ts";

/**
 * Makes the state directory with mode 0700, or checks the one that is there: a real directory of this user's,
 * closed to others. `uid` is undefined where files have no owner (Windows).
 */
export function prepareStateDirectory(path: string, uid: number | undefined): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) {
      const advice = "Check the permissions of the directory above it, or set HOSTRUN_HOME.";
      throw new Problem("forbidden", `The state directory ${path} cannot be made. ${advice}`, { cause });
    }
  }
  const found = lstatSync(path);
  if (found.isSymbolicLink() || !found.isDirectory()) {
    throw refused(path, "is not a directory of its own (a link or a file)");
  }
  if (uid === undefined) return;
  if (found.uid !== uid) throw refused(path, `belongs to the user with id ${found.uid}, not to you`);
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** Writes a file of mode 0600 as a whole or not at all; `storage_full` when there is no room for it. */
export function writeFileAtomically(path: string, text: string): void {
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (cause) {
    rmSync(draft, { force: true });
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOSPC")) throw cause;
    throw new Problem("storage_full", `The disk of ${path} is full. Make room, and start Hostrun again.`, {
      cause,
    });
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
}

function refused(path: string, why: string): Problem {
  return new Problem(
    "forbidden",
    `The state directory ${path} ${why}. Hostrun keeps nothing there; remove it or set HOSTRUN_HOME.`,
  );
}
